"""https: certificates at both ends, who the caller is, and files that change."""

import asyncio
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import pytest

from kitfox import Service, Unavailable, Unreachable, current_call, fail_after, rpc
from kitfox.net import TLS, TLSError
from kitfox.transports.http import HTTP, HTTPConnection


class Mirror(Service, name="test.Mirror"):
    """Tells callers about themselves."""

    @rpc
    async def who(self) -> str:
        """Return who the caller proved to be."""
        return current_call().identity


@pytest.fixture
def server_tls(issue):
    """A server's, which asks its clients for certificates."""
    return issue("127.0.0.1", asks=True)


@asynccontextmanager
async def called(url, tls):
    async with HTTPConnection(url, tls=tls) as connection:
        yield Mirror.client(connection)


async def test_a_handler_knows_the_caller_by_its_certificate(issue, server_tls):
    async with HTTP(tls=server_tls).listen(Mirror().routes()) as url:
        assert url.startswith("https://127.0.0.1:")
        for name in ("grading.example", "portal.example"):
            async with called(url, issue(name)) as mirror:
                assert await mirror.who() == name


async def test_a_caller_without_a_certificate_is_not_let_in_where_one_is_asked_for(
    issue, server_tls
):
    async with HTTP(tls=server_tls).listen(Mirror().routes()) as url:
        async with called(url, TLS(ca=server_tls.ca)) as mirror:
            with pytest.raises(Unavailable):
                await mirror.who()
        async with called(url, issue("late.example")) as mirror:
            assert await mirror.who() == "late.example"


async def test_a_caller_is_nobody_where_no_certificate_is_asked_for(issue):
    listener, caller = HTTP(tls=issue("127.0.0.1")), issue("grading.example")
    async with listener.listen(Mirror().routes()) as url, called(url, caller) as mirror:
        assert await mirror.who() == ""


async def test_a_caller_over_plain_http_is_nobody():
    async with HTTP().listen(Mirror().routes()) as url, called(url, None) as mirror:
        assert await mirror.who() == ""


async def test_a_peer_of_no_authority_that_we_trust_is_unreachable(issue):
    listener = HTTP(tls=issue("127.0.0.1"))
    async with listener.listen(Mirror().routes()) as url, called(url, None) as mirror:
        with pytest.raises(Unreachable, match="certificate"):
            await mirror.who()


async def test_a_certificate_is_replaced_while_the_server_runs(issue, tmp_path):
    trusts = TLS(ca=tmp_path / "ca.pem")
    mine, other = issue("127.0.0.1"), issue("other.example")
    async with HTTP(tls=mine).listen(Mirror().routes()) as url:
        async with called(url, trusts) as mirror:
            await mirror.who()
        other.certificate.replace(mine.certificate)
        async with called(url, trusts) as mirror:
            with pytest.raises(Unreachable, match="certificate"):
                await mirror.who()


async def test_a_client_that_speaks_http_2_as_well_is_told_to_speak_http_1_1(issue):
    tls = issue("127.0.0.1")
    async with HTTP(tls=tls).listen(Mirror().routes()) as url:
        host, port = urlsplit(url).hostname, urlsplit(url).port
        context = tls.client_context("h2", "http/1.1")
        _, writer = await asyncio.open_connection(host, port, ssl=context)
        assert writer.get_extra_info("ssl_object").selected_alpn_protocol() == "http/1.1"
        writer.close()
        await writer.wait_closed()


@pytest.mark.parametrize("asks", [False, True])
async def test_a_client_that_does_not_answer_tls_last_word_holds_nobody_up(issue, asks):
    tls = issue("127.0.0.1")
    async with fail_after(15):  # the grace and asyncio's own patience are 30 s
        async with HTTP(tls=tls).listen(Mirror().routes()) as url:
            host, port = urlsplit(url).hostname, urlsplit(url).port
            context = tls.client_context("http/1.1")
            reader, writer = await asyncio.open_connection(host, port, ssl=context)
            if asks:
                writer.write(b"GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n")
                assert b" 200 " in await reader.readline()
            writer.transport.pause_reading()
        writer.transport.abort()


async def test_a_certificate_of_no_use_stops_the_listener_before_it_begins(tmp_path):
    listener = HTTP(tls=TLS(certificate=tmp_path / "missing.pem"))
    with pytest.raises(TLSError, match=r"missing\.pem: cannot be read"):
        async with listener.listen(Mirror().routes()):
            pass


def test_a_port_open_to_others_is_guarded_by_certificates_as_well_as_by_a_token(issue, server_tls):
    HTTP("0.0.0.0:0", tls=server_tls)
    with pytest.raises(ValueError, match="client_ca"):
        HTTP("0.0.0.0:0", tls=issue("127.0.0.1"))


def test_a_unix_socket_takes_no_tls(issue):
    with pytest.raises(ValueError, match="give no tls"):
        HTTP("unix:/run/x.sock", tls=issue("127.0.0.1"))
