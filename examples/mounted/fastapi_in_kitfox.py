"""A FastAPI application in kitfox: `python examples/mounted/fastapi_in_kitfox.py`.

One port answers both. The methods are typed clients' and the pages are FastAPI's; what neither
a method nor one of kitfox's own pages answers goes to the fallback.
"""

import asyncio

from fastapi import FastAPI, HTTPException

from kitfox import NotFound, Service, rpc
from kitfox.app import Server
from kitfox.net import HTTPClient
from kitfox.transports.http import HTTP, HTTPConnection


class Notes(Service, name="mounted.v1.Notes"):
    """Keeps notes in memory."""

    def __init__(self) -> None:
        self._notes: list[str] = []

    @rpc
    async def add(self, text: str) -> int:
        """Keep a note, and return its number."""
        self._notes.append(text)
        return len(self._notes)

    @rpc(idempotent=True)
    async def get(self, number: int) -> str:
        """Look one note up."""
        if not 0 < number <= len(self._notes):
            raise NotFound(f"no note {number}")
        return self._notes[number - 1]


def web(notes: Notes) -> FastAPI:
    """Return an application as it was before kitfox came; it has the service itself."""
    app = FastAPI()

    @app.get("/notes/{number}")
    async def show(number: int) -> dict[str, str]:
        try:
            return {"text": await notes.get(number)}
        except NotFound as error:
            raise HTTPException(404, error.message) from None

    return app


async def main() -> None:
    """Serve both on a free port, and ask both."""
    notes = Notes()
    async with (
        Server(notes, listeners=[HTTP(":0", fallback=web(notes))], notice=0.0).running() as (url,),
        HTTPConnection(url) as connection,
        HTTPClient() as browser,
    ):
        number = await Notes.client(connection).add("buy milk")
        print(f"kitfox keeps note {number}")
        for one in (number, number + 1):
            page = await browser.request("GET", f"{url}/notes/{one}")
            print(f"FastAPI answers {page.status} {page.body.decode()}")


if __name__ == "__main__":
    asyncio.run(main())
