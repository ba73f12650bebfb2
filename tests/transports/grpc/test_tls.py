"""gRPC over TLS: certificates at both ends, who the caller is, and files that change."""

import pytest

from kitfox import Unreachable
from kitfox.net import TLS, TLSError
from kitfox.transports.grpc import GRPC, GRPCConnection


@pytest.fixture
def server_tls(issue):
    """A server's, which asks its clients for certificates."""
    return issue("127.0.0.1", asks=True)


async def test_a_handler_knows_the_caller_by_its_certificate(serve, connect, issue, server_tls):
    async with serve(tls=server_tls) as url:
        assert url.startswith("grpcs://127.0.0.1:")
        for name in ("grading.example", "portal.example"):
            async with connect(url, tls=issue(name)) as desk:
                identity, _ = await desk.who()
                assert identity == name


async def test_a_caller_without_a_certificate_is_not_let_in_where_one_is_asked_for(
    serve, connect, server_tls, tmp_path
):
    tls = TLS(ca=tmp_path / "ca.pem")
    async with serve(tls=server_tls) as url, connect(url, tls=tls) as desk:
        with pytest.raises(Unreachable):
            await desk.add(1)


async def test_a_caller_is_nobody_where_no_certificate_is_asked_for(serve, connect, issue):
    tls = issue("grading.example")
    async with serve(tls=issue("127.0.0.1")) as url, connect(url, tls=tls) as desk:
        assert (await desk.who())[0] == ""


async def test_a_server_of_no_authority_that_we_trust_is_unreachable(serve, connect, issue):
    async with serve(tls=issue("127.0.0.1")) as url, connect(url, tls=TLS()) as desk:
        with pytest.raises(Unreachable, match=r"(?i)certificate|handshake"):
            await desk.add(1)


async def test_a_server_with_another_name_is_unreachable(serve, connect, issue, tmp_path):
    tls = TLS(ca=tmp_path / "ca.pem")
    async with serve(tls=issue("other.example")) as url, connect(url, tls=tls) as desk:
        with pytest.raises(Unreachable):
            await desk.add(1)


async def test_a_servers_certificate_is_replaced_while_it_runs(serve, connect, issue, tmp_path):
    trusted = TLS(ca=tmp_path / "ca.pem")
    tls = issue("127.0.0.1")
    good = tls.certificate.read_bytes()
    async with serve(tls=tls) as url:
        for content, lets_in in ((issue("other.example"), False), (good, True)):
            text = content if lets_in else content.certificate.read_bytes()
            tls.certificate.write_bytes(text)
            async with connect(url, tls=trusted) as desk:
                if lets_in:
                    assert await desk.add(1) == 2
                else:
                    with pytest.raises(Unreachable):
                        await desk.add(1)


async def test_a_server_whose_new_certificate_is_of_no_use_keeps_the_old_one(
    serve, connect, issue, tmp_path, caplog
):
    tls = issue("127.0.0.1")
    async with serve(tls=tls) as url:
        tls.certificate.write_text("no certificate")
        for _ in range(3):
            async with connect(url, tls=TLS(ca=tmp_path / "ca.pem")) as desk:
                assert await desk.add(1) == 2
    told = [record for record in caplog.records if "of no use" in record.getMessage()]
    assert len(told) == 1
    assert "127.0.0.1.pem" in told[0].getMessage()


async def test_a_client_shows_its_new_certificate_when_it_connects_again(
    serve, connect, issue, server_tls
):
    tls = issue("grading.example")
    async with serve(tls=server_tls) as url:
        connecting = connect(url, tls=tls)
        desk = await connecting.__aenter__()
        assert (await desk.who())[0] == "grading.example"
    tls.certificate.write_bytes(issue("portal.example").certificate.read_bytes())
    async with serve(f":{url.rpartition(':')[2]}", tls=server_tls):
        assert (await desk.who())[0] == "portal.example"
        await connecting.__aexit__(None, None, None)


async def test_a_certificate_of_no_use_stops_both_ends_before_they_begin(serve, tmp_path):
    (file := tmp_path / "empty.pem").write_text("")
    with pytest.raises(TLSError, match=r"empty\.pem: holds no certificate"):
        async with serve(tls=TLS(certificate=file)):
            pass
    with pytest.raises(TLSError, match=r"empty\.pem: holds no certificate"):
        GRPCConnection("grpcs://127.0.0.1:1", tls=TLS(ca=file))


def test_a_port_open_to_others_is_guarded_by_certificates_as_well_as_by_a_token(issue, server_tls):
    GRPC("0.0.0.0:0", tls=server_tls)
    GRPC("0.0.0.0:0", token="secret")
    GRPC("0.0.0.0:0", public=True)
    with pytest.raises(ValueError, match="can be reached from other machines"):
        GRPC("0.0.0.0:0", tls=issue("127.0.0.1"))


def test_a_unix_socket_takes_no_tls(issue):
    with pytest.raises(ValueError, match="give no tls"):
        GRPC("unix:/tmp/x", tls=issue("127.0.0.1"))
