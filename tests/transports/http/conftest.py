"""A service over HTTP, clients that send exactly the bytes they are told to, a foreign server."""

import asyncio
import json
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest
import uvicorn

from kitfox import NotFound, Service, current_call, fail_after, rpc
from kitfox.net import HTTPClient, address_of, bind
from kitfox.transports.http import HTTP


class Ledger(Service, ABC, name="acme.v1.Ledger"):
    """What one owes."""

    @rpc(idempotent=True)
    @abstractmethod
    async def get(self, id: int) -> str:
        """Look one entry up."""

    @rpc
    @abstractmethod
    async def put(self, id: int, text: str = "") -> str:
        """Write an entry."""

    @rpc(idempotent=True)
    @abstractmethod
    def follow(self, count: int = 3) -> AsyncIterator[int]:
        """Count, and fail at a negative number."""

    @rpc(idempotent=True)
    @abstractmethod
    async def wait(self) -> None:
        """Wait until the caller leaves."""

    @rpc
    @abstractmethod
    def wait_on(self) -> AsyncIterator[int]:
        """Say one thing, and wait until the caller leaves."""


class Book(Ledger):
    """A ledger that remembers who waits, and who was sent away."""

    def __init__(self):
        self.waiting = 0
        self.cancelled = 0
        self.metadata = {}

    async def get(self, id: int) -> str:
        self.metadata = dict(current_call().metadata)
        if id == 404:
            raise NotFound("no such entry", details={"id": id})
        return f"entry {id}"

    async def put(self, id: int, text: str = "") -> str:
        return f"{id}={text}"

    async def follow(self, count: int = 3) -> AsyncIterator[int]:
        current_call().reply_metadata["early"] = "yes"
        if count == 0:
            raise NotFound("nothing to count")
        for number in range(abs(count)):
            yield number
        current_call().reply_metadata["counted"] = str(count)
        if count < 0:
            raise NotFound("counted too far")

    async def wait(self) -> None:
        await self._until_cancelled()

    async def wait_on(self) -> AsyncIterator[int]:
        yield 1
        await self._until_cancelled()

    async def _until_cancelled(self):
        self.waiting += 1
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            self.waiting -= 1
            self.cancelled += 1


class Answer(NamedTuple):
    """One answer of HTTP/1.1, taken apart."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def problem(self):
        assert self.headers["content-type"] == "application/problem+json"
        problem = json.loads(self.body)
        assert problem["status"] == self.status
        return problem


class Wire:
    """A TCP connection of a client that may do all things wrong; no reading takes for ever."""

    def __init__(self, reader, writer):
        self._reader = reader
        self._writer = writer

    def send(self, data):
        self._writer.write(data)

    async def answer(self, *, bodyless=False):
        async with fail_after(10):
            return await self._answer(bodyless=bodyless)

    async def _answer(self, *, bodyless):
        head = await self._reader.readuntil(b"\r\n\r\n")
        start, *lines = head.decode("latin-1").split("\r\n")[:-2]
        headers = dict(line.split(": ", 1) for line in lines)
        length = 0 if bodyless else int(headers.get("content-length", 0))
        return Answer(int(start.split()[1]), headers, await self._reader.readexactly(length))

    async def rest(self):
        """Read until the server closes."""
        async with fail_after(10):
            return await self._reader.read()

    async def event(self):
        async with fail_after(10):
            return await self._reader.readuntil(b"\n\n")

    async def last_chunk(self):
        """Read to the end of an answer in chunks."""
        async with fail_after(10):
            return await self._reader.readuntil(b"\r\n0\r\n\r\n")

    def leave(self):
        self._writer.transport.abort()


@pytest.fixture
def book():
    return Book()


@pytest.fixture
def ledger():
    return Ledger


@pytest.fixture
def serving():
    """Serve a service over HTTP for the length of a block, and give its URL."""

    @asynccontextmanager
    async def serve(service, **options):
        async with fail_after(20), HTTP(**options).listen(service.routes()) as url:
            yield url

    return serve


@pytest.fixture
def foreign():
    """Serve an ASGI application on a server that knows nothing of kitfox."""

    @asynccontextmanager
    async def serve(app, **options):
        config = uvicorn.Config(app, log_config=None, ws="none", **options)
        server = uvicorn.Server(config)
        with bind(":0") as listening:
            task = asyncio.create_task(server._serve([listening]))  # noqa: SLF001 - no signals
            try:
                async with fail_after(20):
                    yield f"http://{address_of(listening)}"
            finally:
                server.should_exit = True
                await task

    return serve


@pytest.fixture
def wire():
    """`async with wire(url) as wire`: a raw connection."""

    @asynccontextmanager
    async def connect(url):
        place = urlsplit(url)
        reader, writer = await asyncio.open_connection(place.hostname, place.port)
        try:
            yield Wire(reader, writer)
        finally:
            writer.close()

    return connect


@pytest.fixture
def fetch():
    """`await fetch(url, verb="GET", …)`: one request on a connection of its own."""

    async def request(url, verb="GET", **given):
        async with fail_after(10), HTTPClient() as client:
            reply = await client.request(verb, url, **given)
        headers = {name.decode(): value.decode() for name, value in reply.headers}
        return Answer(reply.status, headers, reply.body)

    return request
