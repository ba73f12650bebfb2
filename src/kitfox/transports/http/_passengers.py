"""What travels on an HTTP listener's port beside HTTP: WebSockets, and protocols switched to."""

import asyncio
from base64 import urlsafe_b64decode
from collections.abc import Awaitable, Mapping
from contextlib import suppress
from typing import Protocol

from kitfox.core import Kind, Routes
from kitfox.net import ASGIApp, ASGIScope, Receive, Send
from kitfox.transports.http._exchange import Exchange
from kitfox.transports.http._hijack import Hijack, Upgrade, hijack_of, switching
from kitfox.transports.http._status import PROBLEM_TYPE, Refused, problem_of

WEBSOCKET = "websocket"
# A browser's WebSocket can send no header, but it can offer subprotocols: one that begins so and
# goes on with the token in base64url, without padding, counts as a bearer token.
OFFERED_TOKEN = b"kitfox.bearer."
_POLICY = 1008  # RFC 6455, 7.4.1
_REASON = 60  # characters, so that they fit into the 123 bytes of a control frame


class ServedWebSockets(Protocol):
    """What answers WebSockets while a listener listens."""

    @property
    def script(self) -> bytes:
        """What a web page makes calls with: a module of JavaScript."""
        ...

    @property
    def largest(self) -> int:
        """The most bytes of a WebSocket's message."""
        ...

    def answers(self, scope: ASGIScope) -> bool:
        """Whether it is the one to answer a scope of type `websocket`."""
        ...

    def __call__(self, scope: ASGIScope, receive: Receive, send: Send) -> Awaitable[None]:
        """Answer one, as an ASGI application does."""
        ...

    def accept(self, hijack: Hijack, scope: ASGIScope, app: ASGIApp) -> None:
        """Take the connection of a request for a WebSocket, and give `app` its scope."""
        ...

    async def drain(self, grace: float) -> None:
        """Refuse new calls, let those running end for `grace` seconds, and close."""
        ...


class WebSockets(Protocol):
    """Answers WebSockets on an HTTP listener's port."""

    @property
    def kinds(self) -> frozenset[Kind]:
        """The kinds of methods that it carries calls of."""
        ...

    def serve(self, routes: Routes) -> ServedWebSockets:
        """Begin to serve `routes`; called once for each listening."""
        ...


class Passengers:
    """Those of one application."""

    def __init__(
        self, routes: Routes, websocket: WebSockets | None, upgrades: Mapping[str, Upgrade]
    ) -> None:
        self.websocket = None if websocket is None else websocket.serve(routes)
        self._upgrades = {name.lower(): each.serve(routes) for name, each in upgrades.items()}

    @property
    def largest(self) -> int:
        """The most bytes of a WebSocket's message; none has any when there are none."""
        return 0 if self.websocket is None else self.websocket.largest

    @property
    def script(self) -> bytes | None:
        """What a web page makes calls with, if it can."""
        return None if self.websocket is None else self.websocket.script

    def accept_websocket(
        self, scope: ASGIScope, headers: Mapping[bytes, bytes], app: ASGIApp
    ) -> bool:
        """Let `app` have a request as a WebSocket, if it asks for that and the server can."""
        if self.websocket is None or _asked(headers) != WEBSOCKET:
            return False
        if (hijack := hijack_of(scope)) is None:
            return False
        self.websocket.accept(hijack, scope, app)
        return True

    def knows(self, headers: Mapping[bytes, bytes]) -> bool:
        """Whether the protocol that a request asks for is served."""
        return _asked(headers) in self._upgrades

    def switch(self, exchange: Exchange) -> None:
        """Switch a request's connection to the protocol that it asks for."""
        name = _asked(exchange.headers)
        if (hijack := hijack_of(exchange.scope)) is not None:
            hijack(self._upgrades[name].protocol(exchange.peer), switching(name))

    async def drain(self, grace: float) -> None:
        """Drain all of them at once."""
        draining = [each.drain(grace) for each in self._upgrades.values()]
        if self.websocket is not None:
            draining.append(self.websocket.drain(grace))
        await asyncio.gather(*draining)


def with_offered_token(headers: dict[bytes, bytes]) -> dict[bytes, bytes]:
    """Return headers with the token that stands among the subprotocols, if there is one."""
    for offered in headers.get(b"sec-websocket-protocol", b"").split(b","):
        name = offered.strip()
        if name.startswith(OFFERED_TOKEN) and b"authorization" not in headers:
            with suppress(ValueError):  # not base64: not the token either
                token = urlsafe_b64decode(name.removeprefix(OFFERED_TOKEN) + b"==")
                return {**headers, b"authorization": b"Bearer " + token}
    return headers


def without_offered_token(scope: ASGIScope) -> ASGIScope:
    """Return a WebSocket's scope as its application sees it: what it may choose is no secret."""
    offered: list[str] = scope.get("subprotocols", [])
    secret = OFFERED_TOKEN.decode()
    return {**scope, "subprotocols": [name for name in offered if not name.startswith(secret)]}


async def refuse_websocket(scope: ASGIScope, send: Send, refused: Refused) -> None:
    """Answer a request for a WebSocket as HTTP would, where the server lets us; else with 403."""
    if "websocket.http.response" not in scope.get("extensions", ()):
        await send({"type": "websocket.close", "code": _POLICY, "reason": str(refused)[:_REASON]})
        return
    status, body = problem_of(refused.error, refused.status)
    headers = [(b"content-type", PROBLEM_TYPE), *refused.headers]
    await send({"type": "websocket.http.response.start", "status": status, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": body})


def _asked(headers: Mapping[bytes, bytes]) -> str:
    return headers.get(b"upgrade", b"").decode("latin-1").strip().lower()
