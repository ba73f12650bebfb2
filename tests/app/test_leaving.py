"""Clients are asked to leave before a server stops, so that none of them meets its end."""

import asyncio

from kitfox import Service, fail_after, rpc
from kitfox.app import Server
from kitfox.net import HTTPClient
from kitfox.registry import MemoryRegistry
from kitfox.transports.http import HTTP


class Echo(Service, name="acme.Echo"):
    @rpc
    async def say(self, text: str) -> str:
        return text


class Slow(MemoryRegistry):
    """A registry that takes its time to let go."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = asyncio.Event()
        self.may = asyncio.Event()

    async def deregister(self, instance) -> None:
        self.asked.set()
        await self.may.wait()


async def test_clients_are_asked_to_leave_while_calls_are_still_served():
    registry, stop = Slow(), asyncio.Event()
    server = Server(Echo(), listeners=[HTTP()], registrar=registry, notice=0.0)
    url: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def serve() -> None:
        async with server.running() as (address,):
            url.set_result(address)
            await stop.wait()

    async with fail_after(10), HTTPClient() as client:
        serving = asyncio.create_task(serve())
        where = f"{await url}/livez"

        async def says() -> tuple[int, bytes | None]:
            reply = await client.request("GET", where)
            return reply.status, dict(reply.headers).get(b"connection")

        assert await says() == (200, None)
        stop.set()
        await registry.asked.wait()
        assert await says() == (200, b"close")
        registry.may.set()
        await serving
