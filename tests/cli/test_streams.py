"""`kitfox call` as a process, with the methods of each kind of a server in this one."""

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import grpc
import msgspec
import pytest
from grpc import aio
from grpc_reflection.v1alpha.reflection import enable_server_reflection

from kitfox.app import Server
from kitfox.cli._exit import Exit
from kitfox.core import Service, rpc
from kitfox.scope import fail_after
from kitfox.transports.grpc import GRPC
from kitfox.transports.http import HTTP
from kitfox.transports.msgpack import RPC


class Line(msgspec.Struct):
    text: str


class Chat(Service, name="acme.v1.Chat"):
    """Talks, in streams."""

    def __init__(self):
        self.left = asyncio.Event()

    @rpc
    async def add(self, numbers: AsyncIterator[float]) -> float:
        """Add numbers up."""
        return sum([number async for number in numbers])

    @rpc
    async def talk(self, lines: AsyncIterator[Line]) -> AsyncIterator[Line]:
        """Say each line again."""
        try:
            async for line in lines:
                yield Line(line.text.upper())
        finally:
            self.left.set()

    @rpc
    async def tick(self) -> AsyncIterator[int]:
        """Tick for ever."""
        yield 1
        await asyncio.Event().wait()

    @rpc
    async def size(self, data: bytes) -> int:
        """Count bytes."""
        return len(data)


@pytest.fixture
async def chat():
    return Chat()


@pytest.fixture
async def addresses(chat):
    """Where the chat is: over HTTP, MessagePack-RPC and gRPC."""
    listeners = [HTTP(":0"), RPC(":0"), GRPC(":0")]
    async with Server(chat, listeners=listeners).running() as addresses:
        yield addresses


@pytest.fixture
def kitfox(tmp_path):
    """Run the command as a process; leaving kills it if it has not ended."""

    @asynccontextmanager
    async def run(*words):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "kitfox", *words),
            cwd=tmp_path,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            async with fail_after(30):
                yield process
        finally:
            if process.returncode is None:
                process.kill()
            await process.communicate()

    return run


@pytest.fixture
def printed(kitfox):
    """What the command prints, given some input; it must succeed."""

    async def outcome(*words, given=b""):
        async with kitfox(*words) as process:
            out, err = await process.communicate(given)
        assert (process.returncode, err) == (Exit.OK, b"")
        return out.decode()

    return outcome


@pytest.mark.parametrize("wire", [1, 2], ids=["rpc", "grpc"])
async def test_lines_are_sent_as_they_come_and_replies_printed_as_they_come(
    kitfox, addresses, wire
):
    async with kitfox("call", "chat.talk", "--address", addresses[wire]) as process:
        for word in ("one", "two"):
            process.stdin.write(b'{"text": "%s"}\n' % word.encode())
            assert await process.stdout.readline() == b'{"text":"%s"}\n' % word.upper().encode()
        process.stdin.close()
        assert await process.wait() == Exit.OK


@pytest.mark.parametrize("wire", [1, 2], ids=["rpc", "grpc"])
async def test_a_stream_of_requests_has_one_reply(printed, addresses, wire):
    words = ("call", "chat.add", "--address", addresses[wire])
    assert await printed(*words, given=b"1\n2.5") == "3.5\n"


async def test_words_are_the_only_request_of_a_stream(printed, addresses):
    words = ("call", "chat.add", "value=4", "--address", addresses[1])
    assert await printed(*words, given=b"not read") == "4.0\n"


async def test_interrupting_a_call_that_waits_for_input_ends_it_at_both_ends(
    kitfox, addresses, chat
):
    async with kitfox("call", "chat.talk", "--address", addresses[1]) as process:
        process.stdin.write(b'{"text": "hi"}\n')
        await process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert await process.wait() == Exit.INTERRUPTED
        assert await process.stderr.read() == b""
        await chat.left.wait()


async def test_a_line_that_is_wrong_ends_the_call_and_is_named(kitfox, addresses):
    async with kitfox("call", "chat.add", "--address", addresses[1]) as process:
        process.stdin.write(b"1\none\n")
        assert await process.wait() == Exit.USAGE
        assert await process.stderr.read() == b'Error: line 2: expected number, got "one"\n'


async def test_a_limit_that_is_named_holds_for_a_stream_too(kitfox, addresses):
    words = ("call", "chat.tick", "--timeout", "2", "--address", addresses[0])
    async with kitfox(*words) as process:
        assert await process.wait() == Exit.DEADLINE
        assert await process.stdout.read() == b"1\n"


async def test_bytes_are_base64_whatever_the_wire(printed, addresses):
    for address in addresses:
        assert await printed("call", "chat.size", "data=YWJj", "--address", address) == "3\n"


async def test_describe_tells_kinds_and_what_streams_carry(printed, addresses):
    told = await printed("describe", "chat.talk", "--address", addresses[1])
    assert told.startswith("Talk(stream of Line) -> stream of Line\n")
    assert "\n  bidi stream\n" in told
    assert "\nLine:\n  text  string\n" in told


async def test_methods_on_http_without_a_server_of_ours_tell_of_themselves_too(printed, chat):
    async with HTTP().listen(chat.routes()) as url:
        assert await printed("call", "chat.size", "data=YWJj", "--address", url) == "3\n"


GREETER = """
syntax = "proto3";
package stock.v1;
message Greeting { string name = 1; bytes seal = 2; }
service Greeter { rpc Greet(Greeting) returns (Greeting); }
"""


class Greeter:
    """Somebody's servicer."""

    async def Greet(self, request, context):  # noqa: N802
        request.name = f"Hello, {request.name}!"
        return request


@pytest.fixture
async def stock(tmp_path, monkeypatch):
    """Where a gRPC server is that never heard of kitfox, and answers reflection."""
    (tmp_path / "stock_greeter.proto").write_text(GREETER)
    monkeypatch.syspath_prepend(tmp_path)
    _, services = grpc.protos_and_services("stock_greeter.proto")
    server = aio.server()
    services.add_GreeterServicer_to_server(Greeter(), server)
    enable_server_reflection(["stock.v1.Greeter"], server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    yield f"grpc://127.0.0.1:{port}"
    await server.stop(None)


async def test_a_grpc_server_of_any_make_is_described_and_called(printed, stock):
    told = await printed("describe", "greeter.greet", "--address", stock)
    assert told.startswith("Greet(name?: string, seal?: base64) -> stock.v1.Greeting\n")
    words = ("call", "greeter.greet", "name=Ada", "seal=YQ==", "--address", stock)
    assert json.loads(await printed(*words)) == {"name": "Hello, Ada!", "seal": "YQ=="}
