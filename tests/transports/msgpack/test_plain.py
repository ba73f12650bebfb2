"""Callers that know the public MessagePack-RPC specification, and nothing of kitfox."""

import asyncio
import itertools
from contextlib import asynccontextmanager
from itertools import count

import msgpack
import msgspec
import pytest

from kitfox import Service, fail_after, rpc
from kitfox.multiplex import KeepAlive
from kitfox.transports.msgpack import RPC, RPCLimits


class StockError(Exception):
    """What the server answered in the place of an error."""


class StockClient:
    """All that the public specification asks of a client of unary calls."""

    def __init__(self, reader, writer):
        self._reader, self._writer = reader, writer
        self._numbers = itertools.count()
        self._waiting = {}

    async def call(self, method, *params):
        number = next(self._numbers)
        answer = self._waiting[number] = asyncio.get_running_loop().create_future()
        self._writer.write(msgpack.packb([0, number, method, params]))
        error, result = await answer
        if error is not None:
            raise StockError(error)
        return result

    def notify(self, method, *params):
        self._writer.write(msgpack.packb([2, method, params]))

    async def read(self):
        unpacker = msgpack.Unpacker()
        while data := await self._reader.read(65536):
            unpacker.feed(data)
            for kind, number, error, result in unpacker:
                assert kind == 1
                self._waiting.pop(number).set_result((error, result))


def box(message):
    return msgspec.msgpack.Ext(75, msgspec.msgpack.encode(message))


@asynccontextmanager
async def stock_client(url):
    host, port = url.removeprefix("rpc://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    client = StockClient(reader, writer)
    reading = asyncio.create_task(client.read())
    try:
        async with fail_after(10):
            yield client
    finally:
        writer.close()
        await reading  # its complaints are the test's


@pytest.fixture
async def url(desk):
    async with RPC().listen(desk.routes()) as url:
        yield url


async def test_parameters_are_the_requests_fields_in_order(url):
    async with stock_client(url) as client:
        assert await client.call("acme.v1.Desk/Add", 2, 3) == 5


async def test_what_has_a_default_may_be_left_out(url):
    async with stock_client(url) as client:
        assert await client.call("acme.v1.Desk/Add", 2) == 3


async def test_one_map_is_the_request_by_name(url):
    async with stock_client(url) as client:
        assert await client.call("acme.v1.Desk/Add", {"b": 10, "a": 1}) == 11


async def test_a_struct_is_given_by_its_fields_and_returned_as_a_map(url):
    async with stock_client(url) as client:
        assert await client.call("acme.v1.Desk/Move", 1, 2) == {"x": 2, "y": 3}


async def test_nothing_is_returned_as_nil(url, desk):
    async with stock_client(url) as client:
        assert await client.call("acme.v1.Desk/Note", "milk") is None
    assert desk.noted == ["milk"]


async def test_an_error_is_its_code_its_message_and_its_details(url):
    async with stock_client(url) as client:
        with pytest.raises(StockError) as caught:
            await client.call("acme.v1.Desk/Fail", "lost")
    assert caught.value.args == ([5, "lost", {"why": "lost"}],)


@pytest.mark.parametrize(
    ("method", "params", "code"),
    [
        ("acme.v1.Desk/Nothing", [], 12),
        ("acme.v1.Desk/Count", [3], 12),  # it streams
        ("acme.v1.Desk/Add", ["two"], 3),
        ("acme.v1.Desk/Add", [], 3),
        ("acme.v1.Desk/Add", [1, 2, 3], 3),
        ("acme.v1.Desk/Add", [{}], 3),
    ],
)
async def test_a_wrong_call_is_answered_with_its_code(url, method, params, code):
    async with stock_client(url) as client:
        with pytest.raises(StockError) as caught:
            await client.call(method, *params)
        assert caught.value.args[0][0] == code
        assert await client.call("acme.v1.Desk/Add", 1) == 2  # and the connection goes on


async def test_calls_do_not_wait_for_each_other(url, desk):
    async with stock_client(url) as client:
        waiting = asyncio.create_task(client.call("acme.v1.Desk/Wait"))
        assert await client.call("acme.v1.Desk/Add", 1) == 2
        assert not waiting.done()
        desk.release.set()
        assert await waiting is None


async def test_a_notification_is_run_and_never_answered(url, desk, eventually):
    async with stock_client(url) as client:
        client.notify("acme.v1.Desk/Note", "one")
        client.notify("acme.v1.Desk/Nothing")
        client.notify("acme.v1.Desk/Fail", "unheard")
        assert await client.call("acme.v1.Desk/Add", 1) == 2
        await eventually(lambda: desk.noted == ["one"])


async def test_a_plain_caller_that_leaves_cancels_what_runs(url, desk, eventually):
    async with stock_client(url) as client:
        client.notify("acme.v1.Desk/Wait")
        await eventually(lambda: desk.waiting == 1)
    async with fail_after(10):
        await desk.cancelled.wait()


async def test_a_number_in_use_breaks_the_rules(url, raw, desk, eventually):
    async with raw(url) as peer, fail_after(10):
        peer.send([0, 1, "acme.v1.Desk/Wait", []])
        await eventually(lambda: desk.waiting == 1)
        peer.send([0, 1, "acme.v1.Desk/Wait", []])
        assert await peer.closed() == []
        await desk.cancelled.wait()


async def test_numbers_of_plain_calls_and_ours_do_not_meet(url, raw, desk, eventually):
    async with raw(url) as peer, fail_after(10):
        peer.send([0, 1, "acme.v1.Desk/Wait", []])
        await eventually(lambda: desk.waiting == 1)
        peer.send([0, 1, "acme.v1.Desk/Add", [box({"a": 1})], None, None])
        kind, number, error, *_ = await peer.receive()
        assert (kind, number, error) == (1, 1, None)
        desk.release.set()
        assert await peer.receive() == [1, 1, None, None]


async def test_a_plain_peer_is_told_nothing_that_it_may_not_know(desk, raw):
    """Neither asked whether it is there, though it is quiet for long, nor told of the end."""
    listener = RPC(keep_alive=KeepAlive(quiet=0.01, patience=0.01))
    async with listener.listen(desk.routes()) as url, raw(url) as peer, fail_after(10):
        peer.send([0, 1, "acme.v1.Desk/Add", [1]])
        assert await peer.receive() == [1, 1, None, 2]
        ours = asyncio.create_task(asks(raw, url))
        assert await ours == [9]  # one of ours is asked, and many times in the life of the other
        peer.send([0, 2, "acme.v1.Desk/Add", [2]])
        assert await peer.receive() == [1, 2, None, 3]
        last = asyncio.create_task(peer.closed())
    assert await last == []


async def asks(raw, url):
    async with raw(url) as peer:
        peer.send([10])
        return await peer.receive()


async def test_a_plain_call_after_the_end_has_begun_is_told_so(desk, raw, eventually):
    listening = RPC(grace=10.0).listen(desk.routes())
    url = await listening.__aenter__()
    async with raw(url) as peer, fail_after(10):
        peer.send([0, 1, "acme.v1.Desk/Wait", []])
        await eventually(lambda: desk.waiting == 1)
        ending = asyncio.create_task(listening.__aexit__(None, None, None))
        answer = [1, 0, None, None]
        for number in count(2):
            peer.send([0, number, "acme.v1.Desk/Add", [1]])
            answer = await peer.receive()
            if answer[2] is not None:
                break
            await asyncio.sleep(0.01)  # calls that were on their way are served
        assert answer == [1, number, [14, "the server is stopping", {}], None]
        desk.release.set()
        assert await peer.receive() == [1, 1, None, None]
        assert await peer.closed() == []
        await ending


async def test_plain_calls_are_limited_too(desk, raw, eventually):
    listener = RPC(limits=RPCLimits(calls=2))
    async with listener.listen(desk.routes()) as url, raw(url) as peer, fail_after(10):
        for number in (1, 2):
            peer.send([0, number, "acme.v1.Desk/Wait", []])
        await eventually(lambda: desk.waiting == 2)
        peer.send([0, 3, "acme.v1.Desk/Add", [1]])
        kind, number, error, _ = await peer.receive()
        assert (kind, number, error[0]) == (1, 3, 8)


class Odd(Service, name="acme.v1.Odd"):
    @rpc
    async def boxed(self) -> bytes:
        return b"\x00\xff"

    @rpc
    async def table(self) -> dict[str, list[int]]:
        return {"a": [1, 2]}


async def test_bytes_and_tables_come_as_they_are():
    async with RPC().listen(Odd().routes()) as url, stock_client(url) as client:
        assert await client.call("acme.v1.Odd/Boxed") == b"\x00\xff"
        assert await client.call("acme.v1.Odd/Table") == {"a": [1, 2]}
