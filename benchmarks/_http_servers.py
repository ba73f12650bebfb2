"""The servers of the HTTP benchmark: `python -P _http_servers.py NAME PORT` runs one of them.

All answer the same two requests with the same JSON on the same uvicorn: GET with a number in its
path, POST with 200 bytes of JSON. `bare` reads the body and writes constants; what it does is the
least that an ASGI application can do.
"""

import asyncio
import sys
from collections.abc import Callable, Coroutine, Mapping
from typing import cast

import msgspec
import uvicorn
import uvloop

from kitfox.core import Method, Service, rpc
from kitfox.net import ASGIApp, ASGIScope, Receive, Send
from kitfox.transports.http import HTTP, HTTPApp

USER = b'{"id":7,"name":"Ada Lovelace","email":"ada@example.org","active":true}'


class User(msgspec.Struct):
    """Who may log in."""

    id: int
    name: str
    email: str
    active: bool


class NewUser(msgspec.Struct):
    """Who shall be able to log in."""

    name: str
    email: str
    born: int
    active: bool
    tags: list[str]
    note: str


class Users(Service):
    """What kitfox serves."""

    @rpc(idempotent=True)
    async def get(self, id: int) -> User:
        """Look one user up."""
        return User(id, "Ada Lovelace", "ada@example.org", active=True)

    @rpc
    async def create(self, user: NewUser) -> User:
        """Add a user."""
        return User(7, user.name, user.email, user.active)


ROUTES: Mapping[Callable[..., object] | Method, str] = {
    Users.get: "GET /users/{id}",
    Users.create: "POST /users",
}


async def bare(scope: ASGIScope, receive: Receive, send: Send) -> None:
    """Answer as fast as ASGI can."""
    if scope["method"] == "POST":
        while (await receive()).get("more_body"):
            pass
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(USER))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": USER})


def fastapi() -> ASGIApp:
    """Return the FastAPI application, as its documentation would write it."""
    from fastapi import FastAPI  # noqa: PLC0415  the other servers do without
    from pydantic import BaseModel  # noqa: PLC0415

    class UserModel(BaseModel):
        id: int
        name: str
        email: str
        active: bool

    class NewUserModel(BaseModel):
        name: str
        email: str
        born: int
        active: bool
        tags: list[str]
        note: str

    app = FastAPI()

    async def get(id: int) -> UserModel:
        return UserModel(id=id, name="Ada Lovelace", email="ada@example.org", active=True)

    async def create(user: NewUserModel) -> UserModel:
        return UserModel(id=7, name=user.name, email=user.email, active=user.active)

    app.get("/users/{id}")(get)
    app.post("/users")(create)
    return app


async def on_uvicorn(app: ASGIApp, port: int) -> None:
    """Serve an application with the settings that kitfox's own listener has."""
    config = uvicorn.Config(
        app,
        port=port,
        http="httptools",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
    )
    await uvicorn.Server(config).serve()


async def on_listener(port: int) -> None:
    """Serve as kitfox does when it is not mounted in anything."""
    async with HTTP(f":{port}", routes=ROUTES).listen(Users().routes()):
        await asyncio.Event().wait()


class Constant(asyncio.Protocol):
    """Answers every request with a constant, almost for nothing: a server to measure clients by."""

    REPLY = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s" % (
        len(USER),
        USER,
    )

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the connection."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by descent
        self._read = bytearray()

    def data_received(self, data: bytes) -> None:
        """Answer each request that is complete."""
        self._read += data
        while (size := request_size(self._read)) is not None:
            del self._read[:size]
            self._transport.write(self.REPLY)


def request_size(data: bytearray) -> int | None:
    """Return the length of the first request in `data`, None while it is incomplete."""
    head, found, _ = data.partition(b"\r\n\r\n")
    if not found:
        return None
    _, _, length = head.lower().partition(b"content-length: ")
    size = len(head) + 4 + int(length.partition(b"\r\n")[0] or 0)
    return size if len(data) >= size else None


async def constant(port: int) -> None:
    """Serve constants."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Constant, "127.0.0.1", port)
    async with server:
        await server.serve_forever()


Serve = Callable[[int], Coroutine[None, None, None]]

SERVERS: dict[str, Serve] = {
    "bare": lambda port: on_uvicorn(bare, port),
    "constant": constant,
    "fastapi": lambda port: on_uvicorn(fastapi(), port),
    "kitfox": on_listener,
    "mounted": lambda port: on_uvicorn(HTTPApp(Users().routes(), routes=ROUTES), port),
}

if __name__ == "__main__":
    uvloop.run(SERVERS[sys.argv[1]](int(sys.argv[2])))
