"""The client for web pages, in Chromium, against the real server."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import msgspec
import pytest
import pytest_asyncio

from kitfox import NotFound, Service, current_call, current_deadline, fail_after, methods_of, rpc
from kitfox.net import Site, SiteReply
from kitfox.transports.http import HTTP
from kitfox.transports.websocket import WebSocket

PATIENCE = 30.0  # seconds; the machines that run this have other things to do

fixture = partial(pytest_asyncio.fixture, loop_scope="module")


class Point(msgspec.Struct):
    x: int
    y: int


class Plane(Service, name="test.Plane"):
    """Everything that a page may try."""

    def __init__(self):
        self.running = 0
        self.sent = 0
        self.release = asyncio.Event()

    @rpc
    async def mirror(self, point: Point) -> Point:
        """Turn a point about the origin."""
        return Point(-point.x, -point.y)

    @rpc
    async def count(self, most: int) -> AsyncIterator[int]:
        """Count."""
        self.running += 1
        try:
            for self.sent in range(most):
                yield self.sent
        finally:
            self.running -= 1

    @rpc
    async def total(self, numbers: AsyncIterator[int]) -> int:
        """Add numbers up."""
        return sum([number async for number in numbers])

    @rpc
    async def sums(self, numbers: AsyncIterator[int]) -> AsyncIterator[int]:
        """Tell the sum so far, after each number."""
        total = 0
        async for number in numbers:
            total += number
            yield total

    @rpc
    async def first(self, numbers: AsyncIterator[int]) -> int:
        """Take one number, and no other for a while."""
        async for number in numbers:
            await self.release.wait()
            return number
        return 0

    @rpc
    async def find(self, name: str) -> None:
        """Find nothing."""
        raise NotFound(f"no {name}", details={"name": name, "tried": [1, 2]})

    @rpc
    async def wait(self) -> float:
        """Wait until somebody allows it to end, or it is given up."""
        self.running += 1
        try:
            await self.release.wait()
        finally:
            self.running -= 1
        deadline = current_deadline()
        return -1 if deadline is None else deadline.remaining()

    @rpc
    async def greet(self) -> str:
        """Answer to the metadata."""
        call = current_call()
        call.reply_metadata["answer"] = "fox"
        return call.metadata["question"]


async def blank(_):
    return SiteReply(200, b"<!doctype html><title>A page</title>", "text/html; charset=utf-8")


PAGE = Site({"GET /page": blank})
PATHS = {name: method.path for name, method in methods_of(Plane).items()}


@pytest.fixture
def plane():
    return Plane()


@pytest.fixture
def serving(plane):
    """Serve the plane, and a page without anything on it."""

    @asynccontextmanager
    async def serve(address="127.0.0.1:0", *, service=plane, **options):
        options.setdefault("websocket", WebSocket())
        async with HTTP(address, fallback=PAGE, **options).listen(service.routes()) as url:
            yield url

    return serve


@fixture
async def url(serving):
    async with serving() as url:
        yield url


@pytest.fixture
def run(page):
    """Run a function of JavaScript, which is given what the module has, and the methods' paths.

    `connect` keeps the connection as a global; `failure` tells how a call failed.
    """

    async def run(function):
        script = f"""async (paths) => {{
            const module = await import("/kitfox.js");
            const connect = (options) => (globalThis.connection = module.connect("/", options));
            const failure = async (call) => {{
                try {{ await call }} catch (error) {{
                    const {{ name, code, message, details, unsent }} = error;
                    return {{ name, code, message, details, unsent }};
                }}
            }};
            return await ({function})({{ ...module, connect, failure, paths }});
        }}"""
        async with fail_after(PATIENCE):
            return await page.evaluate(script, PATHS)

    return run


@fixture
async def here(page, url, run):
    """The same, on a page of the server."""
    await page.goto(f"{url}/page")
    return run


@pytest.fixture
def until():
    """Turn the loop until something holds."""

    async def wait(holds):
        async with fail_after(PATIENCE):
            while not holds():
                await asyncio.sleep(0.01)

    return wait
