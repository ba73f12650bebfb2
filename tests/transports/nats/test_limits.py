"""What a NATS server takes in one message, and what it asks of those who connect."""

import asyncio
from contextlib import asynccontextmanager

import pytest
import trustme

from kitfox import InvalidArgument, ResourceExhausted, Unreachable, fail_after
from kitfox.core import Call, Metadata, methods_of
from kitfox.net import TLS
from kitfox.transports.nats import NATS, NATSConnection

SMALL = "max_payload: 4096"


@pytest.fixture
def both(configured, desk):
    """Serve and dial over a NATS of one's own; give the client."""

    @asynccontextmanager
    async def running(config, *, url=None, **options):
        url = url or configured(config).url
        serving = NATS(url, **options).listen(desk.routes())
        async with serving, NATSConnection(url, **options) as connection, fail_after(10):
            yield connection

    return running


async def test_messages_respect_what_the_server_takes(both, desk):
    async with both(SMALL) as connection:
        mine = type(desk).client(connection)
        assert len(await mine.repeat("x", 2000)) == 2000
        with pytest.raises(ResourceExhausted):
            await mine.repeat("x", 4000)
        with pytest.raises(ResourceExhausted):
            await mine.repeat("x" * 4000, 1)
        assert await mine.greet() == "one greets you"


async def echo(connection, desk, **metadata):
    method = methods_of(type(desk))["echo"]
    call = Call(method, metadata=Metadata(metadata))
    await connection.endpoint(method)(call, method.request())
    return call


async def test_metadata_respects_it_too(both, desk):
    async with both(SMALL) as connection:
        call = await echo(connection, desk, colour="x" * 1000)
        assert call.reply_metadata["colour"] == "x" * 1000
        with pytest.raises(ResourceExhausted, match="metadata"):
            await echo(connection, desk, colour="x" * 2000)


@pytest.mark.parametrize("key", ["content-type", "kitfox-call", "nats-msg-id"])
async def test_metadata_that_nats_would_take_for_its_own_is_refused(both, desk, key):
    async with both("") as connection:
        with pytest.raises(InvalidArgument, match="choose another key"):
            await echo(connection, desk, **{key: "7"})


@pytest.fixture
def tls(tmp_path):
    authority = trustme.CA()
    authority.cert_pem.write_to_path(ca := tmp_path / "ca.pem")
    issued = authority.issue_cert("127.0.0.1")
    issued.private_key_and_cert_chain_pem.write_to_path(certificate := tmp_path / "both.pem")
    return TLS(certificate=certificate, ca=ca, client_ca=ca)


@pytest.fixture
def tls_config(tls):
    return (
        f'tls {{ cert_file: "{tls.certificate}", key_file: "{tls.certificate}",'
        f' ca_file: "{tls.ca}", verify: true }}'
    )


async def test_tls_and_certificates_of_both_sides(both, desk, tls, tls_config):
    async with both(tls_config, tls=tls) as connection:
        assert await type(desk).client(connection).greet() == "one greets you"


async def test_who_asks_for_tls_says_nothing_to_a_server_without(nats, tls, desk):
    """The password would go over the wire for all to read."""
    url = nats.url.replace("//", "//ada:secret@")
    for connection in (
        NATSConnection(url, tls=tls, patience=1),
        NATSConnection(url.replace("nats", "tls"), patience=1),
    ):
        async with connection:
            with pytest.raises(Unreachable, match="does not offer TLS") as caught:
                await type(desk).client(connection).greet()
            assert "secret" not in str(caught.value)


async def test_a_token_logs_in_and_a_wrong_one_does_not(both, configured, desk):
    server = configured('authorization { token: "sesame" }')
    async with both("", url=server.url, token="sesame") as connection:
        assert await type(desk).client(connection).greet() == "one greets you"
    async with NATSConnection(server.url, token="wrong", patience=0.5) as other:
        with pytest.raises(Unreachable):
            await type(desk).client(other).greet()


async def test_what_may_not_be_subscribed_to_is_logged(configured, desk, caplog, eventually):
    server = configured(
        "authorization { users: [ { user: ada, password: pw,"
        ' permissions: { subscribe: { deny: "$SRV.>" } } } ] }'
    )
    async with NATS(server.url.replace("//", "//ada:pw@")).listen(desk.routes()):
        await eventually(lambda: "permissions violation" in caplog.text)


@pytest.mark.parametrize(
    "url",
    ["", "127.0.0.1:4222", "http://x", "nats://", "nats://h/path", "nats://a,x", "nats://h:x"],
)
def test_a_url_that_is_none_is_refused(url):
    for make in (NATS, NATSConnection):
        with pytest.raises(ValueError):
            make(url)


async def test_a_url_that_is_wrong_is_refused_without_its_secrets():
    with pytest.raises(ValueError, match="got 'h/path'"):
        NATS("nats://ada:secret@h/path")


PERMITTED = """
authorization { users: [
  { user: service, password: pw, permissions: {
    subscribe: ["acme.v1.Desk.*", "$KITFOX.CANCEL.acme.v1.Desk", "$SRV.>", "_INBOX.>"]
    publish: ["_INBOX.>"] } }
  { user: caller, password: pw, permissions: {
    subscribe: ["_INBOX.>"]
    publish: ["acme.v1.Desk.*", "$KITFOX.CANCEL.acme.v1.Desk", "_INBOX.>"] } }
] }
"""


async def test_no_more_permissions_are_needed_than_the_page_names(
    configured, desk, caplog, eventually
):
    url = configured(PERMITTED).url
    serving = NATS(url.replace("//", "//service:pw@"), beat=0.02).listen(desk.routes())
    calling = NATSConnection(url.replace("//", "//caller:pw@"), beat=0.02)
    async with serving, calling as connection, fail_after(10):
        mine = type(desk).client(connection)
        assert await mine.greet() == "one greets you"
        stays, watches = asyncio.create_task(mine.stay()), mine.watch()
        assert await anext(watches) == 0
        await asyncio.wait([stays], timeout=0.1)  # some beats
        assert not stays.done()
        stays.cancel()
        await watches.aclose()
        await eventually(lambda: desk.inside == 0)
    assert "violation" not in caplog.text
