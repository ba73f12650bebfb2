"""TLS: https with certificates made for the test, files that change, and files of no use."""

import asyncio
import ssl
from contextlib import suppress
from datetime import UTC, datetime

import pytest
import trustme

from kitfox.net import (
    TLS,
    ConnectFailed,
    HTTPClient,
    TLSError,
    certified_name,
    peer_identity,
)

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
LONG_AGO = datetime(2001, 1, 1, tzinfo=UTC)
FAR_AWAY = datetime(2999, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture
def ca(authority, tmp_path):
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return path


@pytest.fixture
def issue(authority, tmp_path):
    """`issue("127.0.0.1", to="a.pem")`: a file with a certificate, what leads to it and its key."""

    def make(*names, to="peer.pem", by=authority, **how):
        issued = by.issue_cert(*names, **how)
        new = tmp_path / f"{to}.new"
        issued.private_key_and_cert_chain_pem.write_to_path(new)
        return new.replace(tmp_path / to)

    return make


async def test_a_peer_with_a_trusted_certificate_is_called(serve, say, issue, ca):
    server_context = TLS(certificate=issue("127.0.0.1")).server_context("http/1.1")
    async with HTTPClient(tls=TLS(ca=ca)) as client, serve(say(OK, OK), ssl=server_context) as peer:
        for _ in range(2):
            assert (await client.request("GET", peer.url)).body == b"ok"
        assert peer.accepted == 1


async def test_a_large_body_passes_through_tls(serve, issue, ca):
    body = bytes(range(256)) * 8000

    async def script(peer):
        _, received = await peer.request()
        await peer.say(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(received) + received)
        await peer.ended()

    server_context = TLS(certificate=issue("127.0.0.1")).server_context()
    async with HTTPClient(tls=TLS(ca=ca)) as client, serve(script, ssl=server_context) as peer:
        assert (await client.request("POST", peer.url, body=body)).body == body


async def test_a_certificate_of_nobody_we_trust_is_refused(serve, say, issue, client):
    server_context = TLS(certificate=issue("127.0.0.1")).server_context()
    async with serve(say(OK), ssl=server_context) as server:
        with pytest.raises(ConnectFailed, match="certificate verify failed") as caught:
            await client.request("GET", server.url)
        assert not caught.value.sent
        assert not client.open_connections


async def test_a_certificate_for_another_host_is_refused(serve, say, issue, ca):
    server_context = TLS(certificate=issue("other.example")).server_context()
    async with HTTPClient(tls=TLS(ca=ca)) as client, serve(say(OK), ssl=server_context) as peer:
        with pytest.raises(ConnectFailed, match=r"(?i)ip address mismatch|not valid"):
            await client.request("GET", peer.url)


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


class Door(asyncio.Protocol):
    """Notes who comes in, and lets nobody further."""

    def __init__(self, came):
        self.came = came

    def connection_made(self, transport):
        self.came.append(peer_identity(transport))
        transport.close()


async def names_met(server, clients):
    """Let each of the clients shake hands with the server; return the names of who came in."""
    loop, came = asyncio.get_running_loop(), []
    listening = await loop.create_server(
        lambda: Door(came), "127.0.0.1", 0, ssl=server.server_context()
    )
    async with listening:
        for client in clients:
            with suppress(ssl.SSLError, ConnectionError):
                reader, writer = await asyncio.open_connection(
                    *listening.sockets[0].getsockname(), ssl=client.client_context()
                )
                await reader.read()
                writer.close()
                await writer.wait_closed()
    return came


@pytest.fixture
def member(issue, ca):
    """Someone with a certificate."""
    return TLS(certificate=issue("member.example", to="member.pem"), ca=ca)


async def test_a_client_is_known_by_its_certificate(issue, ca, member):
    server = TLS(certificate=issue("127.0.0.1"), client_ca=ca)
    assert await names_met(server, [member, member]) == ["member.example"] * 2


async def test_a_client_without_a_certificate_is_not_let_in_where_all_must_show_one(
    issue, ca, member
):
    server = TLS(certificate=issue("127.0.0.1"), client_ca=ca)
    assert await names_met(server, [TLS(ca=ca), member]) == ["member.example"]


async def test_a_client_of_another_authority_is_not_let_in(issue, ca, member):
    server = TLS(certificate=issue("127.0.0.1"), client_ca=ca)
    stranger = TLS(certificate=issue("eve.example", to="eve.pem", by=trustme.CA()), ca=ca)
    assert await names_met(server, [stranger, member]) == ["member.example"]


async def test_a_client_of_a_server_that_asks_for_no_certificate_has_no_name(issue, member):
    assert await names_met(TLS(certificate=issue("127.0.0.1")), [member]) == [""]


@pytest.mark.parametrize(
    ("certificate", "name"),
    [
        (
            {"subjectAltName": (("DNS", "a.example"), ("URI", "spiffe://acme/a"), ("URI", "x:y"))},
            "spiffe://acme/a",
        ),
        ({"subjectAltName": (("IP Address", "::1"), ("DNS", "a.example"))}, "a.example"),
        ({"subject": ((("organizationName", "Acme"),), (("commonName", "a"),))}, "a"),
        ({"subject": ((("organizationName", "Acme"),),)}, ""),
        ({}, ""),
    ],
)
def test_a_uri_counts_before_a_host_and_a_host_before_a_common_name(certificate, name):
    assert certified_name(certificate) == name


class Shaking:
    """Handshakes in memory with one server's context."""

    def __init__(self, server):
        self.context = server.server_context()

    def seen(self, client):
        """Shake hands; return the names in the server's certificate."""
        up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
        context = client.client_context()
        context.check_hostname = False
        ends = context.wrap_bio(down, up), self.context.wrap_bio(up, down, server_side=True)
        for _ in range(4):
            for end in ends:
                try:
                    end.do_handshake()
                except ssl.SSLWantReadError:
                    continue
        return [name for _, name in ends[0].getpeercert()["subjectAltName"]]


def test_a_server_shows_its_new_certificate_without_a_restart(issue, ca):
    shaking = Shaking(TLS(certificate=issue("old.example")))
    assert shaking.seen(TLS(ca=ca)) == ["old.example"]
    issue("new.example")
    assert shaking.seen(TLS(ca=ca)) == ["new.example"]


def test_a_server_keeps_its_certificate_when_the_new_one_is_of_no_use(issue, ca, caplog):
    file = issue("old.example")
    shaking = Shaking(TLS(certificate=file))
    file.write_text("half a file")
    assert shaking.seen(TLS(ca=ca)) == ["old.example"]
    assert shaking.seen(TLS(ca=ca)) == ["old.example"]
    complaint = f"old ones stay in force: certificate {file}: holds no certificate in PEM"
    assert [complaint in record.getMessage() for record in caplog.records] == [True]
    issue("new.example")
    assert shaking.seen(TLS(ca=ca)) == ["new.example"]


def test_a_server_trusts_new_authorities_of_its_clients_without_a_restart(issue, ca):
    other = trustme.CA()
    shaking = Shaking(TLS(certificate=issue("a.example"), client_ca=ca))
    client = TLS(certificate=issue("eve.example", to="eve.pem", by=other), ca=ca)
    with pytest.raises(ssl.SSLCertVerificationError):
        shaking.seen(client)
    other.cert_pem.write_to_path(ca, append=True)
    assert shaking.seen(client) == ["a.example"]


def test_a_client_trusts_new_authorities_without_a_restart(issue, authority, tmp_path):
    trusted = tmp_path / "trusted.pem"
    trustme.CA().cert_pem.write_to_path(trusted)
    shaking, client = Shaking(TLS(certificate=issue("a.example"))), TLS(ca=trusted)
    with pytest.raises(ssl.SSLCertVerificationError):
        shaking.seen(client)
    authority.cert_pem.write_to_path(trusted)
    assert shaking.seen(client) == ["a.example"]


def test_a_client_makes_no_new_context_while_its_files_stay_as_they_are(ca):
    tls = TLS(ca=ca)
    assert tls.client_context("h2") is tls.client_context("h2")
    assert tls.client_context("h2") is not tls.client_context()


@pytest.mark.parametrize("role", [TLS.server_context, TLS.client_context])
def test_nobody_speaks_less_than_tls_1_2(issue, ca, role):
    context = role(TLS(certificate=issue("a.example"), ca=ca))
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2


def test_files_of_no_use_are_named_with_what_is_wrong(issue, authority, tmp_path):
    good, other, missing = issue("a.example"), issue("a.example", to="b.pem"), tmp_path / "c.pem"
    (no_pem := tmp_path / "d.pem").write_text("nothing here")
    (broken := tmp_path / "e.pem").write_text(
        "-----BEGIN CERTIFICATE-----\nxx\n-----END CERTIFICATE-----\n"
    )
    (locked := tmp_path / "f.pem").write_text("-----BEGIN ENCRYPTED PRIVATE KEY-----\n")
    authority.cert_pem.write_to_path(public := tmp_path / "g.pem")
    for tls, complaint in (
        (TLS(certificate=missing), f"certificate {missing}: cannot be read: No such file"),
        (TLS(certificate=tmp_path), f"certificate {tmp_path}: cannot be read: Is a directory"),
        (TLS(certificate=no_pem), f"certificate {no_pem}: holds no certificate in PEM"),
        (TLS(certificate=public), f"key {public}: holds no private key in PEM"),
        (TLS(certificate=good, key=missing), f"key {missing}: cannot be read: No such file"),
        (TLS(certificate=good, key=other), f"key {other}: is not that of certificate {good}"),
        (TLS(certificate=good, key=locked), f"key {locked}: is encrypted"),
        (TLS(certificate=broken, key=good), f"certificate {broken} with key {good}: "),
        (TLS(certificate=good, client_ca=missing), f"client_ca {missing}: cannot be read"),
        (TLS(certificate=good, client_ca=broken), f"client_ca {broken}: holds no certificate"),
        (TLS(ca=public), "a server shows a certificate"),
    ):
        with pytest.raises(TLSError) as caught:
            tls.server_context()
        assert str(caught.value).startswith(complaint)
    for tls, complaint in (
        (TLS(ca=missing), f"ca {missing}: cannot be read"),
        (TLS(ca=broken), f"ca {broken}: holds no certificate"),
        (TLS(key=good), f"key {good}: there is no certificate to go with it"),
    ):
        with pytest.raises(TLSError) as caught:
            HTTPClient(tls=tls)
        assert str(caught.value).startswith(complaint)


@pytest.mark.parametrize(
    ("how", "complaint"),
    [
        ({"not_after": LONG_AGO}, "has expired"),
        ({"not_before": FAR_AWAY, "not_after": FAR_AWAY}, "is not valid yet"),
    ],
)
def test_a_certificate_out_of_its_time_is_refused_at_once(issue, how, complaint):
    file = issue("a.example", **how)
    with pytest.raises(TLSError, match=f"certificate {file}: {complaint}"):
        TLS(certificate=file).server_context()


def test_the_texts_of_all_files_can_be_had(issue, ca):
    file = issue("a.example")
    pem = TLS(certificate=file, client_ca=ca).pem()
    assert (pem.certificate, pem.key, pem.ca) == (file.read_bytes(), file.read_bytes(), None)
    assert pem.client_ca == ca.read_bytes()
