"""Callers and services that know nothing of kitfox, only NATS."""

import json

import msgspec
import nats.errors
import nats.micro
import pytest

from kitfox import NotFound, RPCError, Service, fail_after, rpc
from kitfox.codecs import JSON
from kitfox.core import Code
from kitfox.transports.nats import NATSConnection


async def ask(client, method, body=b"{}", **headers):
    """Make a plain request of a desk."""
    named = {name.replace("_", "-"): value for name, value in headers.items()} or None
    return await client.request(f"acme.v1.Desk.{method}", body, timeout=5, headers=named)


async def test_a_plain_request_in_json_is_a_call(serve, plain, desk):
    async with serve(desk), plain() as client:
        reply = await ask(client, "Greet", b'{"who": "Ada"}')
        assert json.loads(reply.data) == {"value": "one greets Ada"}
        assert reply.headers is None


async def test_an_empty_request_stands_for_one_without_fields(serve, plain, desk):
    async with serve(desk), plain() as client:
        reply = await ask(client, "Greet", b"")
        assert json.loads(reply.data) == {"value": "one greets you"}


async def test_a_plain_request_may_be_in_messagepack_and_its_reply_is_then_too(serve, plain, desk):
    async with serve(desk), plain() as client:
        body = msgspec.msgpack.encode({"who": "Ada"})
        reply = await ask(client, "Greet", body, Content_Type="application/msgpack")
        assert msgspec.msgpack.decode(reply.data) == {"value": "one greets Ada"}


async def test_an_error_is_said_as_nats_services_say_it_and_whole_beside(serve, plain, desk):
    async with serve(desk), plain() as client:
        reply = await ask(client, "Greet", b'{"who": "nobody"}')
        assert reply.headers == {
            "Nats-Service-Error": "nobody is not here",
            "Nats-Service-Error-Code": "404",
            "Kitfox-Code": "not_found",
        }
        told = {"message": "nobody is\r\nnot here", "details": {"who": "nobody"}}
        assert json.loads(reply.data) == told


async def test_headers_are_metadata_both_ways(serve, plain, desk):
    async with serve(desk), plain() as client:
        reply = await ask(client, "Echo", X_Colour="blue")
        assert reply.headers == {"x-colour": "blue"}


@pytest.mark.parametrize(
    ("method", "body", "headers", "code"),
    [
        ("Greet", b"{", {}, "400"),
        ("Greet", b'{"who": 7}', {}, "400"),
        ("Greet", b"\xff\xfe", {}, "400"),
        ("Greet", b"[" * 100_000, {}, "400"),
        ("Greet", b"{}", {"Content_Type": "text/xml"}, "400"),
        ("Greet", b"{}", {"Kitfox_Timeout": "soon"}, "400"),
        ("Greet", b"{}", {"Kitfox_Timeout": "-1"}, "400"),
        ("Greet", b"{}", {"Kitfox_Timeout": "nan"}, "400"),
        ("Greet", b"{}", {"Kitfox_Timeout": "inf"}, "400"),
        ("Nothing", b"{}", {}, "501"),
        ("Watch", b"{}", {}, "501"),
        ("Total", b"{}", {}, "501"),
        ("Stay", b"{}", {"Kitfox_Timeout": "0.01"}, "504"),
    ],
)
async def test_a_request_that_is_wrong_gets_the_right_error(
    serve, plain, desk, method, body, headers, code
):
    async with serve(desk), plain() as client:
        reply = await ask(client, method, body, **headers)
        assert reply.headers["Nats-Service-Error-Code"] == code
        assert reply.headers["Nats-Service-Error"]
        assert (await ask(client, "Greet")).headers is None


async def test_a_message_without_a_reply_subject_is_no_call(serve, plain, desk):
    async with serve(desk), plain() as client:
        await client.publish("acme.v1.Desk.Greet", b"{}")
        await ask(client, "Greet")
        assert desk.came == 1


async def test_a_reply_that_no_message_can_hold_is_an_error(serve, plain, desk):
    async with serve(desk), plain() as client:
        body = json.dumps({"word": "fox", "times": 2**19}).encode()
        reply = await ask(client, "Repeat", body)
        assert reply.headers["Kitfox-Code"] == "resource_exhausted"


async def test_garbage_at_the_inboxes_of_a_call_hurts_nobody(serve, plain, desk, eventually):
    """Whoever may read requests may also learn where their callers and servers listen."""
    async with serve(desk), plain() as client, plain() as caller:
        inbox = caller.new_inbox()
        heard = await caller.subscribe(f"{inbox}.>")
        headers = {"Kitfox-Call": "1", "Content-Type": "application/json"}
        for number in ("1", "1", "nine", "-1", "9" * 50, ""):
            await client.publish(
                "acme.v1.Desk.Total", b"", f"{inbox}.1", {**headers, "Kitfox-Call": number}
            )
        place = (await heard.next_msg(timeout=5)).reply
        for word in (
            "item",
            "item.7",
            "item.x",
            "item.0.0",
            "credit",
            "end.4",
            "hello",
            "cancel.1",
        ):
            await client.publish(f"{place}.{word}", b"\xff")
            await client.publish(f"{place.rpartition('.')[0]}.{word}", b"\xff")
        await client.publish("$KITFOX.CANCEL.acme.v1.Desk", b"\xff")
        await eventually(lambda: desk.inside == 0)
        assert json.loads((await ask(client, "Greet")).data) == {"value": "one greets you"}


async def test_a_stream_of_which_an_item_is_lost_breaks(serve, plain, desk):
    async with serve(desk), plain() as client:
        inbox = client.new_inbox()
        heard = await client.subscribe(f"{inbox}.>")
        headers = {"Kitfox-Call": "1"}
        await client.publish("acme.v1.Desk.Total", b"", f"{inbox}.1", headers)
        place = (await heard.next_msg(timeout=5)).reply
        await client.publish(f"{place}.item.0", b'{"value": 1}')
        await client.publish(f"{place}.item.2", b'{"value": 1}')
        async with fail_after(5):
            while (last := await heard.next_msg(timeout=5)).subject != f"{inbox}.1":
                pass
        assert last.headers["Kitfox-Code"] == "unavailable"
        assert "expected item 1, got 2" in last.headers["Nats-Service-Error"]


class Sums(Service, name="other.Sums"):
    """What somebody else serves, with NATS's own framework."""

    @rpc
    async def add(self, a: int, b: int) -> int:
        """Add two numbers."""


@pytest.fixture
def somebody_elses(plain):
    """Serve `other.Sums` with nats-py's own framework."""

    async def start(client):
        async def handle(request):
            read = json.loads(request.data)
            if read["a"] < 0:
                await request.respond_error("404", "no such number")
            elif read["b"] < 0:
                await request.respond_error("1234", "whatever")
            else:
                await request.respond(json.dumps({"value": read["a"] + read["b"]}).encode())

        service = await nats.micro.add_service(client, name="sums", version="1.0.0")
        await service.add_endpoint(name="add", subject="other.Sums.Add", handler=handle)
        return service

    return start


@pytest.mark.filterwarnings("ignore:.*utcnow:DeprecationWarning")  # nats-py's own
async def test_a_service_of_nats_own_framework_can_be_called(nats, plain, somebody_elses):
    async with plain() as client, NATSConnection(nats.url, codec=JSON()) as connection:
        service = await somebody_elses(client)
        sums = Sums.client(connection)
        async with fail_after(5):
            assert await sums.add(1, 2) == 3
            with pytest.raises(NotFound, match="no such number"):
                await sums.add(-1, 2)
            with pytest.raises(RPCError, match="whatever") as caught:
                await sums.add(1, -2)
        assert caught.value.code is Code.UNKNOWN
        await service.stop()
