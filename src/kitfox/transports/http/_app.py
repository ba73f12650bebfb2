"""kitfox's methods as an ASGI application: for our own server, or mounted in another's.

A request is looked for among the methods, then among the pages; a foreign application in the
fallback sees exactly the requests that are nobody else's.
"""

from collections.abc import Awaitable, Collection, Mapping
from typing import TypedDict

from kitfox.core import Code, InvalidArgument, Routes
from kitfox.net import (
    SLASH,
    ASGIApp,
    ASGIScope,
    BadPath,
    ClientGone,
    Receive,
    Send,
    path_of,
    with_slashes,
)
from kitfox.transports.http._cors import CORS, cors_headers, is_preflight, preflight_headers
from kitfox.transports.http._door import Door
from kitfox.transports.http._exchange import Exchange
from kitfox.transports.http._headers import RawHeaders
from kitfox.transports.http._hijack import Upgrade, hijack_of
from kitfox.transports.http._limits import HTTPLimits
from kitfox.transports.http._pages import PATHS, PROBES, SCRIPT, Ready, pages
from kitfox.transports.http._passengers import (
    Passengers,
    WebSockets,
    refuse_websocket,
    with_offered_token,
    without_offered_token,
)
from kitfox.transports.http._status import Refused
from kitfox.transports.http._streams import Streams
from kitfox.transports.http._table import Bindings, RouteTable

_READING = ("GET", "HEAD")


class HTTPOptions(TypedDict, total=False):
    """The keyword arguments of HTTPApp, for those who pass them on."""

    routes: Bindings | None
    fallback: ASGIApp | None
    token: str | None
    cors: CORS | None
    hosts: Collection[str] | None
    limits: HTTPLimits | None
    ready: Ready
    title: str
    version: str
    websocket: WebSockets | None
    upgrades: Mapping[str, Upgrade]


class HTTPApp:
    """An ASGI application that serves some methods, wherever it is mounted.

    - `routes` gives methods routes of their own beside `POST /package.Service/Method`, as in
      `{Users.get: "GET /users/{id}"}`
    - `fallback` answers what neither a method nor a page does
    - `token`: whoever wants more than a probe's answer must show it as a bearer token
    - `hosts`: the names by which it may be asked for, beside addresses and localhost; None: any
    - `ready` is asked by `/readyz`
    - `websocket` answers WebSockets; those that are not its own go to the fallback
    - `upgrades` are protocols that a client may switch to, by the names it asks for them

    Methods whose kind HTTP cannot carry are left out.

    Raises:
        DefinitionError: a route is malformed or does not fit its method.
        ValueError: the token is empty.
    """

    def __init__(  # noqa: PLR0913 - independent knobs, all keyword-only
        self,
        methods: Routes,
        *,
        routes: Bindings | None = None,
        fallback: ASGIApp | None = None,
        token: str | None = None,
        cors: CORS | None = None,
        hosts: Collection[str] | None = None,
        limits: HTTPLimits | None = None,
        ready: Ready = lambda: True,
        title: str = "kitfox",
        version: str = "0",
        websocket: WebSockets | None = None,
        upgrades: Mapping[str, Upgrade] | None = None,
    ) -> None:
        limits = limits or HTTPLimits()
        self._streams = Streams(limits.streams)
        self._table = RouteTable(methods, routes or {}, limits, self._streams)
        self._passengers = Passengers(methods, websocket, upgrades or {})
        script = self._passengers.script
        extra = frozenset[str]() if script is None else frozenset({SCRIPT})
        self._paths, self._open = PATHS | extra, PROBES | extra
        self._pages = pages(title, version, self._table.operations, ready, script)
        self._door = Door(token=token, cors=cors, hosts=hosts)
        self._header_count = limits.header_count
        self._fallback = fallback
        self._cors = cors
        self._closing: RawHeaders = ()

    async def __call__(self, scope: ASGIScope, receive: Receive, send: Send) -> None:
        """Answer one request, or hand it to whoever does."""
        if scope["type"] != "http":
            await self._not_http(scope, receive, send)
            return
        headers = dict(scope["headers"])
        extra = self._closing
        if self._cors is not None:
            extra = (*extra, *cors_headers(self._cors, headers))
        exchange = Exchange(scope, receive, send, headers, extra)
        try:
            if not self._gives_away(exchange):
                await self._dispatch(exchange)
        except Refused as refused:
            await exchange.adding(*refused.headers).fail(refused.error, status=refused.status)
        except BadPath as error:
            await exchange.fail(InvalidArgument(str(error)))
        except ClientGone:
            pass

    @property
    def largest_message(self) -> int:
        """The most bytes of a WebSocket's message, for servers that look at them."""
        return self._passengers.largest

    def leave(self) -> None:
        """Ask clients to come back on other connections."""
        self._closing = ((b"connection", b"close"),)

    def drain(self) -> None:
        """Ask the same, and end the streams of replies."""
        self.leave()
        self._streams.end()

    async def drain_passengers(self, grace: float) -> None:
        """End what travels on the port beside HTTP; what runs may go on for `grace` seconds."""
        await self._passengers.drain(grace)

    def _gives_away(self, exchange: Exchange) -> bool:
        """Give a request's connection to the protocol that it asks for, if that is served."""
        scope, headers = exchange.scope, exchange.headers
        if hijack_of(scope) is None:
            return False
        self._check_count(scope)
        if self._passengers.accept_websocket(scope, headers, self):
            return True
        if not self._passengers.knows(headers):
            return False
        self._door.check_entry(headers)
        self._door.check_call(headers, safe=False)
        self._passengers.switch(exchange)
        return True

    def _dispatch(self, exchange: Exchange) -> Awaitable[None]:
        """Return what will answer, or raise what is wrong with the request."""
        scope, headers = exchange.scope, exchange.headers
        verb, path = scope["method"], path_of(scope)
        self._check_count(scope)
        if self._cors is not None and is_preflight(verb, headers) and self._owns(path):
            return exchange.adding(*preflight_headers(self._cors)).empty(204)
        match = self._table.find(verb, path)
        if match is not None or path not in self._open:
            self._door.check_entry(headers)
        if match is None:
            return self._elsewhere(exchange, verb, path)
        route, names = match
        self._door.check_call(headers, safe=route.safe)
        return route.answer(exchange, with_slashes(names) if SLASH in path else names)

    def _check_count(self, scope: ASGIScope) -> None:
        if len(scope["headers"]) > self._header_count:
            text = f"there are more than {self._header_count} headers"
            raise Refused(431, Code.RESOURCE_EXHAUSTED, text)

    def _owns(self, path: str) -> bool:
        """Whether the fallback has no say in what is asked about `path`."""
        return self._fallback is None or bool(self._table.verbs(path))

    def _elsewhere(self, exchange: Exchange, verb: str, path: str) -> Awaitable[None]:
        """Answer what no method does; a page answers all that is asked of its path."""
        elsewhere = self._fallback
        if path in self._paths:
            elsewhere = self._pages if verb in _READING else None
        if elsewhere is None:
            raise self._unknown(exchange.scope, path)
        return elsewhere(exchange.scope, exchange.receive, exchange.send)

    def _unknown(self, scope: ASGIScope, path: str) -> Refused:
        whole = scope["path"]
        if verbs := ", ".join(_READING if path in self._paths else self._table.verbs(path)):
            text = f"{whole} does not answer {scope['method']}; it answers {verbs}"
            return Refused(405, Code.UNIMPLEMENTED, text, ((b"allow", verbs.encode()),))
        return Refused(404, Code.UNIMPLEMENTED, f"there is no {whole}")

    async def _not_http(self, scope: ASGIScope, receive: Receive, send: Send) -> None:
        """Answer a WebSocket, or hand over what is nobody's here: a life span is the fallback's."""
        if scope["type"] == "websocket":
            await self._web_socket(scope, receive, send)
        elif self._fallback is None:
            msg = f"this application answers HTTP only, not {scope['type']}"
            raise RuntimeError(msg)
        else:
            await self._fallback(scope, receive, send)

    async def _web_socket(self, scope: ASGIScope, receive: Receive, send: Send) -> None:
        try:
            app = self._web_socket_app(scope)
        except Refused as refused:
            await receive()  # that it wants to connect
            await refuse_websocket(scope, send, refused)
        else:
            await app(without_offered_token(scope), receive, send)

    def _web_socket_app(self, scope: ASGIScope) -> ASGIApp:
        """Return who answers a WebSocket; browsers apply no CORS to them, so we do."""
        headers = with_offered_token(dict(scope["headers"]))
        self._door.check_entry(headers)
        sockets = self._passengers.websocket
        if sockets is not None and sockets.answers(scope):
            self._door.check_call(headers, safe=False)
            return sockets
        if self._fallback is None:
            raise Refused(404, Code.UNIMPLEMENTED, f"there is no WebSocket at {scope['path']}")
        return self._fallback
