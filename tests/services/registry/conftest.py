"""A registry on the memory wire, and services of the original protocol made by hand."""

import asyncio
import inspect
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import NamedTuple, Protocol, Self

import msgspec
import pytest

from kitfox.core import Connection
from kitfox.net import ASGIApp
from kitfox.registry import Instance, OriginalProvider, Patch, Registry, decode_patch
from kitfox.scope import fail_after
from kitfox.services.registry import RegistryService, Settings
from kitfox.services.registry._heart import Rhythm
from kitfox.transports.memory import Memory

QUICK = Settings(
    shortest_ttl=0.05,
    sign_of_life=0.1,
    delivery_timeout=0.5,
    heartbeat=Rhythm(interval=0.1, retry=0.05, timeout=0.5),
)


class Running(NamedTuple):
    """A registry that runs, and the ways to it."""

    service: RegistryService
    connection: Connection
    client: Registry
    asgi: ASGIApp

    async def instances(self, service: str) -> tuple[Instance, ...]:
        return (await self.client.get(service)).instances or ()


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


async def until(condition: Callable[[], object]) -> None:
    """Poll until something, which may have to be awaited, has become true."""
    async with fail_after(10):
        while not await _value(condition()):
            await asyncio.sleep(0.005)


async def _value(result: object) -> object:
    return await result if inspect.isawaitable(result) else result


async def ask(
    app: ASGIApp,
    verb: str,
    path: str,
    body: bytes | str = b"",
    *,
    client: str = "127.0.0.1",
    **headers: str,
) -> Answer:
    """Send one HTTP request to an ASGI application, from an address of one's choice."""
    sent: list[dict[str, object]] = []
    content = body.encode() if isinstance(body, str) else body

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": content, "more_body": False}

    async def send(event: dict[str, object]) -> None:
        sent.append(event)

    scope = {
        "type": "http",
        "method": verb,
        "path": path,
        "query_string": b"",
        "headers": [
            (name.replace("_", "-").encode(), text.encode()) for name, text in headers.items()
        ],
        "client": (client, 40_000),
    }
    async with fail_after(10):
        await app(scope, receive, send)
    answered = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return Answer(sent[0]["status"], answered, b"".join(event["body"] for event in sent[1:]))


class Twin:
    """A service of the original protocol, as the original's Go code behaves.

    `status` is what it answers patches with, `beating` what it answers heartbeats with; while
    `hangs` is set it reads requests and answers none.
    """

    def __init__(self, name: str, requires: tuple[str, ...] = ()) -> None:
        self.name = name
        self.requires = requires
        self.status = 200
        self.beating = 200
        self.hangs = False
        self.patches: list[Patch] = []
        self.beats = 0
        self.visits = 0
        self.refusals = 0
        self.known: list[OriginalProvider] = []
        self._writers: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.die()

    async def die(self) -> None:
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        await asyncio.sleep(0)

    async def revive(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def provider(self) -> OriginalProvider:
        return OriginalProvider(self.name, self.url)

    @property
    def registration(self) -> bytes:
        return json.dumps(
            {
                "ServiceName": self.name,
                "ServiceURL": self.url,
                "RequiredServices": list(self.requires),
                "ServiceUpdateURL": f"{self.url}/services",
                "HeartbeatURL": f"{self.url}/heartbeat",
            }
        ).encode()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        self.visits += 1
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                await self._answer(head, reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._writers.discard(writer)
            writer.transport.abort()

    async def _answer(
        self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        lines = head.decode().split("\r\n")
        length = next((int(x[15:]) for x in lines if x.lower().startswith("content-length:")), 0)
        body = await reader.readexactly(length)
        if self.hangs:
            return
        status = self.beating if "/heartbeat" in lines[0] else self._take(body)
        if "/heartbeat" in lines[0]:
            self.beats += 1
        writer.write(b"HTTP/1.1 %d X\r\nContent-Length: 0\r\n\r\n" % status)

    def _take(self, body: bytes) -> int:
        if self.status == 200:
            patch = decode_patch(body)
            self.patches.append(patch)
            self.known.extend(patch.added or ())
            for provider in patch.removed or ():
                if provider in self.known:
                    self.known.remove(provider)
        else:
            self.refusals += 1
        return self.status


class StartRegistry(Protocol):
    def __call__(self, settings: Settings = QUICK) -> Awaitable[Running]: ...


@pytest.fixture
async def registry() -> AsyncIterator[StartRegistry]:
    """Start registries; each call begins one, all end with the test."""
    async with AsyncExitStack() as stack:

        async def start(settings: Settings = QUICK) -> Running:
            wire = Memory(grace=0.0)
            service = await stack.enter_async_context(RegistryService(settings))
            await stack.enter_async_context(wire.listen(service.routes()))
            return Running(service, wire, Registry.client(wire), service.asgi())

        yield start


@pytest.fixture
async def twins() -> AsyncIterator[Callable[..., Awaitable[Twin]]]:
    """Start services of the original protocol."""
    async with AsyncExitStack() as stack:

        async def start(name: str, *requires: str) -> Twin:
            return await stack.enter_async_context(Twin(name, requires))

        yield start


@pytest.fixture(name="until")
def until_fixture() -> Callable[[Callable[[], object]], Awaitable[None]]:
    return until


@pytest.fixture(name="ask")
def ask_fixture() -> Callable[..., Awaitable[Answer]]:
    return ask


@pytest.fixture
def quick() -> Settings:
    """Settings whose waits are short."""
    return QUICK


@pytest.fixture
def quick_with() -> Callable[..., Settings]:
    return lambda **changes: msgspec.structs.replace(QUICK, **changes)
