"""Services, listeners and a registrar together: in which order they start and stop."""

import asyncio
import logging
import os
import signal
import sys
import textwrap
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from kitfox import Kind, RPCError, Service, current_call, fail_after, rpc
from kitfox.app import Readiness, Server, UnsupportedKind
from kitfox.net import HTTPClient
from kitfox.registry import MemoryRegistry
from kitfox.transports.http import HTTP
from kitfox.transports.memory import Memory


class Echo(Service, name="acme.Echo"):
    @rpc
    async def say(self, text: str) -> str:
        return text


class Kept(Service, name="acme.Kept"):
    """A service that holds something open, and tells."""

    def __init__(self, told, *, fails=""):
        self.told = told
        self.fails = fails

    async def __aenter__(self):
        self._tell("enter")
        return self

    async def __aexit__(self, *error):
        self._tell("leave")

    def _tell(self, what):
        self.told.append(f"{what} service")
        if self.fails == what:
            raise ValueError(f"{what} failed")

    @rpc
    async def get(self) -> str:
        return "kept"


class Wire:
    """A listener that tells, over the memory wire."""

    kinds = Memory.kinds

    def __init__(self, told, name="memory:a", *, fails="", readiness=None):
        self.told = told
        self.name = name
        self.fails = fails
        self.readiness = readiness
        self.memory = Memory()

    @asynccontextmanager
    async def listen(self, routes):
        async with self.memory.listen(routes):
            self.told.append(f"listen {self.name}")
            if self.fails == "listen":
                raise OSError("port taken")
            try:
                yield self.name
            finally:
                ready = self.readiness and self.readiness()
                self.told.append(f"drain {self.name}{' while ready' if ready else ''}")
                if self.fails == "drain":
                    raise ValueError("drain failed")


class Told:
    """A registrar that tells."""

    def __init__(self, told, readiness, *, fails=""):
        self.told = told
        self.readiness = readiness
        self.fails = fails

    async def register(self, instance):
        self._tell("register", instance)

    async def deregister(self, instance):
        self._tell("deregister", instance)

    def _tell(self, what, instance):
        ready = "ready" if self.readiness() else "not ready"
        self.told.append(f"{what} {instance.service} {ready}")
        if self.fails == what:
            raise ValueError(f"{what} failed")


@pytest.fixture
def told():
    return []


@pytest.fixture
def made(told):
    """Make a server of everything that tells; `fails` says which step raises."""

    def make(fails="", **options):
        readiness = Readiness()
        return Server(
            Kept(told, fails=fails),
            Echo(),
            listeners=[
                Wire(told, readiness=readiness),
                Wire(told, "memory:b", fails=fails, readiness=readiness),
            ],
            registrar=Told(told, readiness, fails=fails),
            readiness=readiness,
            notice=0,
            **options,
        )

    return make


START = [
    "enter service",
    "listen memory:a",
    "listen memory:b",
    "register acme.Echo not ready",
    "register acme.Kept not ready",
]
STOP = [
    "deregister acme.Kept not ready",
    "deregister acme.Echo not ready",
    "drain memory:b",
    "drain memory:a",
    "leave service",
]


async def test_a_stop_is_the_start_in_reverse(told, made):
    async with made().running() as addresses:
        assert addresses == ("memory:a", "memory:b")
        assert told == START
        told.append("ready")
    assert told == [*START, "ready", *STOP]


@pytest.mark.parametrize("step", ["deregister", "drain", "leave"])
async def test_a_step_of_the_stop_that_fails_skips_no_other(told, made, step):
    with pytest.raises(ValueError, match=f"{step} failed"):
        async with made(step).running():
            pass
    assert told == START + STOP


@pytest.mark.parametrize(
    ("step", "stop"),
    [
        ("register", ["drain memory:b", "drain memory:a", "leave service"]),
        ("listen", ["drain memory:a", "leave service"]),
        ("enter", []),
    ],
)
async def test_a_start_that_fails_undoes_what_was_done(told, made, step, stop):
    with pytest.raises((ValueError, OSError)):
        async with made(step).running():
            pytest.fail("it does not run")
    assert told[len(told) - len(stop) :] == stop
    assert "leave service" not in told[: len(told) - len(stop)]


async def test_nobody_waits_for_notice_of_what_was_never_registered(told, made):
    server = made("register")
    server._notice = 1e6  # noqa: SLF001  a wait that would not end
    async with fail_after(5):
        with pytest.raises(ValueError, match="register failed"):
            async with server.running():
                pytest.fail("it does not run")


async def test_an_error_inside_stops_the_server_and_comes_out(told, made):
    with pytest.raises(KeyError):
        async with made().running():
            raise KeyError
    assert told == START + STOP


async def test_calls_are_served_while_peers_take_notice(told):
    told_away = asyncio.Event()
    readiness, memory = Readiness(), Memory()

    class Registrar(Told):
        async def deregister(self, instance):
            told_away.set()

    server = Server(
        Echo(),
        listeners=[memory],
        registrar=Registrar(told, readiness),
        readiness=readiness,
        notice=0.2,
    )

    async def serve():
        async with server.running():
            pass

    serving = asyncio.create_task(serve())
    async with fail_after(5):
        await told_away.wait()
        assert not readiness()
        assert await Echo.client(memory).say("still here") == "still here"
        await serving


async def test_a_picked_port_is_what_gets_registered():
    registry = MemoryRegistry()
    server = Server(Echo(), listeners=[HTTP()], registrar=registry, instance_id="one", notice=0)
    async with fail_after(10), server.running() as (url,):
        watch = registry.watch("acme.Echo")
        (instance,) = await anext(watch)
        await watch.aclose()
        assert (instance.id, instance.addresses) == ("one", (url,))
        assert not url.endswith(":0")


async def test_readiness_is_what_the_probe_shows():
    readiness = Readiness()
    server = Server(Echo(), listeners=[HTTP(ready=readiness)], readiness=readiness)
    async with fail_after(10), HTTPClient() as client, server.running() as (url,):
        assert (await client.request("GET", f"{url}/readyz")).status == 200
        readiness.set(ready=False)
        assert (await client.request("GET", f"{url}/readyz")).status == 503
    assert not readiness()


async def test_middleware_wraps_every_call_the_first_one_outermost():
    def marking(mark):
        def middleware(endpoint):
            async def marked(call, message):
                marks = call.reply_metadata.get("marks", "")
                call.reply_metadata["marks"] = marks + mark
                return await endpoint(call, message)

            return marked

        return middleware

    class Marks(Service):
        @rpc
        async def seen(self) -> str:
            return current_call().reply_metadata["marks"]

    memory = Memory()
    server = Server(Marks(), listeners=[memory], middleware=[marking("a"), marking("b")])
    async with server.running():
        assert await Marks.client(memory).seen() == "ab"


class Upload(Service):
    @rpc
    async def load(self, items: AsyncIterator[int]) -> int:
        return sum([item async for item in items])


async def test_a_method_that_a_listener_cannot_carry_is_said_at_the_start(caplog):
    caplog.set_level(logging.WARNING)
    assert Kind.CLIENT_STREAM not in HTTP.kinds
    async with Server(Upload(), Echo(), listeners=[HTTP(), Memory()]).running():
        pass
    assert caplog.messages == ["HTTP cannot carry /Upload/Load (client_stream)"]


async def test_strict_refuses_what_a_listener_cannot_carry():
    server = Server(Upload(), listeners=[HTTP()], strict=True)
    with pytest.raises(UnsupportedKind, match="HTTP cannot carry /Upload/Load"):
        async with server.running():
            pytest.fail("it does not run")


def test_two_services_of_one_contract_are_refused():
    with pytest.raises(ValueError, match=r"Echo and Echo both serve /acme\.Echo/Say"):
        Server(Echo(), Echo(), listeners=[])


async def test_a_server_without_listeners_keeps_its_services_open(told):
    async with Server(Kept(told), listeners=[], registrar=MemoryRegistry()).running() as none:
        assert none == ()
    assert told == ["enter service", "leave service"]


async def test_run_ends_when_it_is_told_to_stop():
    memory = Memory()
    server = Server(Echo(), listeners=[memory])
    running = asyncio.create_task(server.run())
    async with fail_after(5):
        while True:
            try:
                assert await Echo.client(memory).say("hi") == "hi"
                break
            except RPCError:
                await asyncio.sleep(0)
        server.stop()
        await running
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


def test_run_works_in_a_thread_that_gets_no_signals():
    outcome = []

    async def main():
        server = Server(Echo(), listeners=[Memory()])
        asyncio.get_running_loop().call_soon(server.stop)
        await server.run()
        outcome.append("stopped")

    thread = threading.Thread(target=lambda: asyncio.run(main()))
    thread.start()
    thread.join(10)
    assert outcome == ["stopped"]


PROGRAM = """
    import asyncio
    from kitfox import Service, rpc
    from kitfox.app import Server
    from kitfox.transports.http import HTTP

    class Slow(Service):
        async def __aenter__(self):
            return self

        async def __aexit__(self, *error):
            print("leaving", flush=True)
            await asyncio.sleep({leave})
            print("left", flush=True)

        @rpc
        async def get(self) -> None: ...

    async def main():
        server = Server(Slow(), listeners=[HTTP()])
        asyncio.get_running_loop().call_later(0, lambda: print("up", flush=True))
        await server.run()

    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        print("interrupted", flush=True)
"""


@asynccontextmanager
async def program(*, leave):
    """Run PROGRAM; its service takes `leave` seconds to close."""
    code = textwrap.dedent(PROGRAM).format(leave=leave)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE, env=os.environ
    )
    try:
        async with fail_after(20):
            assert await process.stdout.readline() == b"up\n"
            yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_stops_a_process_kindly(number):
    async with program(leave=0) as process:
        process.send_signal(number)
        assert await process.stdout.read() == b"leaving\nleft\n"
        assert await process.wait() == 0


async def test_a_second_signal_does_not_wait():
    async with program(leave=60) as process:
        process.send_signal(signal.SIGTERM)
        assert await process.stdout.readline() == b"leaving\n"
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == -signal.SIGTERM


async def test_a_second_interrupt_does_not_wait_either():
    async with program(leave=60) as process:
        process.send_signal(signal.SIGINT)
        assert await process.stdout.readline() == b"leaving\n"
        process.send_signal(signal.SIGINT)
        assert await process.stdout.read() == b"interrupted\n"
        assert await process.wait() == 0
