"""https, against a server with a certificate made for the test."""

import ssl

import pytest
import trustme

from kitfox.net import ConnectFailed, HTTPClient, client_tls

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture
def ca_file(authority, tmp_path):
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return path


@pytest.fixture
def server_tls(authority):
    """`server_tls(host)`: a context with a certificate for `host`."""

    def make(host):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(host).configure_cert(context)
        return context

    return make


async def test_a_peer_with_a_trusted_certificate_is_called(serve, say, server_tls, ca_file):
    async with (
        HTTPClient(tls=client_tls(ca_file)) as client,
        serve(say(OK, OK), ssl=server_tls("127.0.0.1")) as server,
    ):
        for _ in range(2):
            assert (await client.request("GET", server.url)).body == b"ok"
        assert server.accepted == 1


async def test_a_large_body_passes_through_tls(serve, server_tls, ca_file):
    body = bytes(range(256)) * 8000

    async def script(peer):
        _, received = await peer.request()
        await peer.say(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(received) + received)
        await peer.ended()

    async with (
        HTTPClient(tls=client_tls(ca_file)) as client,
        serve(script, ssl=server_tls("127.0.0.1")) as server,
    ):
        assert (await client.request("POST", server.url, body=body)).body == body


async def test_a_certificate_of_nobody_we_trust_is_refused(serve, say, server_tls, client):
    async with serve(say(OK), ssl=server_tls("127.0.0.1")) as server:
        with pytest.raises(ConnectFailed, match="certificate verify failed") as caught:
            await client.request("GET", server.url)
        assert not caught.value.sent
        assert not client.open_connections


async def test_a_certificate_for_another_host_is_refused(serve, say, server_tls, ca_file):
    async with (
        HTTPClient(tls=client_tls(ca_file)) as client,
        serve(say(OK), ssl=server_tls("other.example")) as server,
    ):
        with pytest.raises(ConnectFailed, match=r"(?i)ip address mismatch|not valid"):
            await client.request("GET", server.url)


async def test_a_peer_that_does_not_speak_tls_is_told(serve, client):
    async def script(peer):
        await peer.read()
        await peer.say(b"HTTP/1.1 400 Bad\r\n\r\n")

    async with serve(script) as server:
        with pytest.raises(ConnectFailed, match="cannot connect to https://"):
            await client.request("GET", server.url.replace("http://", "https://"))


async def test_a_silent_peer_ends_the_handshake_in_time(serve, limited):
    async def script(peer):
        await peer.ended()

    async with limited(connect_seconds=0.05) as client, serve(script) as server:
        with pytest.raises(ConnectFailed, match="no connection within"):
            await client.request("GET", server.url.replace("http://", "https://"))


def test_a_ca_file_without_a_certificate_is_refused_in_words(tmp_path):
    (tmp_path / "empty.pem").write_text("nothing here")
    with pytest.raises(ValueError, match="holds no certificate"):
        client_tls(tmp_path / "empty.pem")


def test_a_ca_file_with_a_broken_certificate_is_refused_in_words(tmp_path):
    path = tmp_path / "broken.pem"
    path.write_text("-----BEGIN CERTIFICATE-----\nxx\n-----END CERTIFICATE-----\n")
    with pytest.raises(ValueError, match="holds no certificate"):
        client_tls(path)


def test_a_missing_ca_file_is_told(tmp_path):
    with pytest.raises(FileNotFoundError):
        client_tls(tmp_path / "missing.pem")
