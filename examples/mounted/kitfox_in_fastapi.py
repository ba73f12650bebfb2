"""kitfox in a FastAPI application: `uvicorn --app-dir examples/mounted kitfox_in_fastapi:app`.

`python examples/mounted/kitfox_in_fastapi.py` shows it at work. Any ASGI server will do, and the
methods are below the path where they are mounted.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from fastapi import FastAPI
from fastapi.responses import PlainTextResponse

from kitfox import Service, rpc
from kitfox.net import HTTPClient, address_of, bind
from kitfox.transports.http import HTTPApp, HTTPConnection


class Clock(Service, name="mounted.v1.Clock"):
    """Counts for those who cannot."""

    @rpc(idempotent=True)
    async def count(self, to: int) -> AsyncIterator[int]:
        """Count from one to a number."""
        for number in range(1, to + 1):
            yield number


app = FastAPI()
app.mount("/rpc", HTTPApp(Clock().routes()))


@app.get("/")
async def index() -> PlainTextResponse:
    """Answer as the application always has."""
    return PlainTextResponse("hello")


@asynccontextmanager
async def served() -> AsyncIterator[str]:
    """Run uvicorn on a free port while the context is open; yields the URL."""
    listening = bind(":0")
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
    running = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        yield f"http://{address_of(listening)}"
    finally:
        server.should_exit = True
        await running


async def main() -> None:
    """Serve the application, ask it for its page, and call the method in it."""
    async with (
        served() as url,
        HTTPClient() as browser,
        HTTPConnection(f"{url}/rpc") as connection,
    ):
        page = await browser.request("GET", f"{url}/")
        print(f"FastAPI says {page.body.decode()}")
        async for number in Clock.client(connection).count(2):
            print(f"kitfox counts {number}")


if __name__ == "__main__":
    asyncio.run(main())
