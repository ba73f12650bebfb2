"""Connections that are taken, left to others, and given up by nobody."""

import asyncio
import mmap
import os
import resource
import socket
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import ExitStack, asynccontextmanager, suppress
from contextvars import ContextVar

import pytest
import uvloop

from kitfox.net import Acceptor, bind, share
from kitfox.net._acceptor import PATIENCE
from kitfox.net._shared_socket import SharedSocket
from kitfox.net._tally import Tally
from kitfox.scope import fail_after

HOURS = 3600.0
begun_in = ContextVar("begun_in", default="nothing")


class Greeting(asyncio.Protocol):
    """Says hello, and where; ends a connection at the first byte."""

    def __init__(self, made: Counter[str]) -> None:
        self.made = made

    def connection_made(self, transport: asyncio.Transport) -> None:
        self.transport = transport
        self.made[begun_in.get()] += 1
        transport.write(b"hello")

    def data_received(self, data: bytes) -> None:
        begun_in.set("another connection")
        self.transport.close()


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def run(request) -> Callable[[Coroutine[None, None, None]], None]:
    """Run a test in a loop of either kind."""

    def in_loop(test: Coroutine[None, None, None]) -> None:
        async def in_time() -> None:
            async with fail_after(20):
                await test

        with asyncio.Runner(loop_factory=request.param) as runner:
            runner.run(in_time())

    return in_loop


class Door:
    """A socket that an acceptor shares with a process that does as it is told; and clients."""

    def __init__(self, stack: ExitStack, patience: float) -> None:
        self._stack = stack
        listening = share(bind(":0"), 2)
        assert isinstance(listening, SharedSocket)
        self.listening = stack.enter_context(listening)
        self.for_others = stack.enter_context(socket.socket(fileno=os.dup(listening.fileno())))
        memory = mmap.mmap(listening.tally, 0)
        self.other = Tally(memory, 3)
        stack.callback(self.other.leave)
        self.made = Counter[str]()
        self.acceptor = Acceptor(listening, lambda: Greeting(self.made), patience=patience)
        self.acceptor.start()

    def client(self) -> socket.socket:
        """Connect; whoever takes it."""
        client = self._stack.enter_context(socket.create_connection(self.listening.getsockname()))
        client.setblocking(False)
        return client

    def take(self) -> None:
        """Take a connection as another process would. Raises BlockingIOError."""
        self._stack.enter_context(self.for_others.accept()[0])


@asynccontextmanager
async def opened(patience: float = PATIENCE) -> AsyncIterator[Door]:
    with ExitStack() as stack:
        door = Door(stack, patience)
        try:
            yield door
        finally:
            await door.acceptor.aclose()


async def greeted(client: socket.socket) -> None:
    assert await asyncio.get_running_loop().sock_recv(client, 5) == b"hello"


async def turns() -> None:
    """Let the loop do what there is to be done."""
    for _ in range(10):
        await asyncio.sleep(0)


def test_who_has_more_connections_than_another_leaves_it_the_next_one(run):
    async def test() -> None:
        async with opened(HOURS) as door:
            await greeted(door.client())
            door.client()
            await turns()
            door.take()

    run(test())


def test_who_has_no_more_than_the_other_takes_the_next_one(run):
    async def test() -> None:
        async with opened(HOURS) as door:
            door.other.count(2)
            for _ in range(3):
                await greeted(door.client())

    run(test())


def test_what_others_do_not_take_is_taken_after_a_moment(run):
    async def test() -> None:
        async with opened() as door:
            for _ in range(20):
                await greeted(door.client())

    run(test())


def test_who_has_one_connection_less_takes_the_one_that_it_left_to_others(run):
    async def test() -> None:
        async with opened(HOURS) as door:
            first = door.client()
            await greeted(first)
            second = door.client()
            await turns()
            await asyncio.get_running_loop().sock_sendall(first, b"bye")
            await greeted(second)
            assert door.made == {"nothing": 2}  # and knows nothing of the one that ended

    run(test())


def test_who_stops_is_no_longer_waited_for_and_loses_no_connection(run):
    async def test() -> None:
        async with opened() as door:
            for _ in range(20):
                door.client()
            await asyncio.sleep(0)
            await door.acceptor.aclose()
            assert door.other.others() == {}
            left = 0
            with suppress(BlockingIOError):
                while True:
                    door.take()
                    left += 1
            assert door.made.total() + left == 20

    run(test())


def test_a_handshake_that_never_ends_is_cut_when_no_more_connections_are_taken(run, issue):
    async def test() -> None:
        with bind(":0") as listening:
            acceptor = Acceptor(
                listening, asyncio.Protocol, tls=issue("127.0.0.1").server_context()
            )
            acceptor.start()
            with socket.create_connection(listening.getsockname()) as silent:
                await turns()
                await acceptor.aclose()
                silent.setblocking(False)
                assert await asyncio.get_running_loop().sock_recv(silent, 1) == b""

    run(test())


def test_who_has_no_descriptor_left_says_so_and_takes_what_waits_later(run, caplog):
    async def test() -> None:
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        async with opened() as door:
            client = door.client()
            resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))
            try:
                await turns()
            finally:
                resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
            assert "no connection can be taken for 1 s: Too many open files" in caplog.text
            await greeted(client)

    run(test())


def test_who_comes_after_the_end_is_refused(run):
    async def test():
        with bind(":0") as listening:
            address = listening.getsockname()
            acceptor = Acceptor(listening, asyncio.Protocol)
            acceptor.start()
            await acceptor.aclose()
            with pytest.raises(ConnectionRefusedError):
                await asyncio.open_connection(*address)

    run(test())
