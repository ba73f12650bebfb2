"""kitfox's methods as an ASGI application: for our own server, or mounted in another's.

A request is looked for among the methods, then among the pages; a foreign application in the
fallback sees exactly the requests that are nobody else's.
"""

from kitfox.core import Code, Routes, Unimplemented
from kitfox.net import ASGIApp, ClientGone, Match, Receive, Scope, Send, cross_origin
from kitfox.transports.http._cors import CORS, cors_headers, is_preflight, preflight_headers
from kitfox.transports.http._exchange import Exchange
from kitfox.transports.http._headers import RawHeaders
from kitfox.transports.http._limits import HTTPLimits
from kitfox.transports.http._pages import PATHS, Ready, pages
from kitfox.transports.http._route import Route
from kitfox.transports.http._status import Refused
from kitfox.transports.http._streams import Streams
from kitfox.transports.http._table import Bindings, RouteTable


class HTTPApp:
    """An ASGI application that serves some methods.

    `bindings` gives methods routes of their own beside `POST /package.Service/Method`, as in
    `{Users.get: "GET /users/{id}"}`. `ready` is asked by `/readyz`. Methods whose kind HTTP
    cannot carry are left out.

    Raises:
        DefinitionError: a binding is malformed or does not fit its method.
    """

    def __init__(
        self,
        routes: Routes,
        *,
        bindings: Bindings | None = None,
        fallback: ASGIApp | None = None,
        cors: CORS | None = None,
        limits: HTTPLimits | None = None,
        ready: Ready = lambda: True,
        title: str = "kitfox",
        version: str = "0",
    ) -> None:
        self._limits = limits or HTTPLimits()
        self._streams = Streams(self._limits.streams)
        self._table = RouteTable(routes, bindings or {}, self._limits, self._streams)
        self._pages = pages(title, version, self._table.operations, ready)
        self._fallback = fallback
        self._cors = cors
        self._extra: RawHeaders = ()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or hand it to whoever does."""
        if scope["type"] != "http":
            await self._not_http(scope, receive, send)
            return
        match = self._table.find(scope["method"], scope["path"])
        if match is not None:
            await self._answer(match, self._exchange(scope, receive, send, match.names))
        elif scope["path"] in PATHS:
            await self._pages(scope, receive, send)
        elif self._is_preflight(scope):
            await self._preflight(scope, receive, send)
        elif self._fallback is not None:
            await self._fallback(scope, receive, send)
        else:
            await self._unknown(self._exchange(scope, receive, send, {}))

    def drain(self) -> None:
        """Ask clients to come back on other connections, and end the streams of replies."""
        self._extra = ((b"connection", b"close"),)
        self._streams.end()

    def _exchange(
        self, scope: Scope, receive: Receive, send: Send, names: dict[str, str]
    ) -> Exchange:
        headers = dict(scope["headers"])
        extra = self._extra
        if self._cors is not None:
            extra = (*extra, *cors_headers(self._cors, headers))
        return Exchange(scope, receive, send, names, headers, extra)

    async def _answer(self, match: Match[Route], exchange: Exchange) -> None:
        try:
            self._check(exchange)
            await match.target.answer(exchange)
        except Refused as refused:
            await exchange.fail(refused.error, status=refused.status)
        except ClientGone:
            pass

    def _check(self, exchange: Exchange) -> None:
        """Refuse what no method should see."""
        headers = exchange.headers
        if len(headers) > self._limits.header_count:
            text = f"more than {self._limits.header_count} headers"
            raise Refused(431, Code.RESOURCE_EXHAUSTED, text)
        if b"origin" not in headers and b"sec-fetch-site" not in headers:
            return
        if self._cors is not None and self._cors.allows(headers.get(b"origin", b"")):
            return
        if (why := cross_origin(exchange.scope["method"], headers)) is not None:
            text = f"refused, because it comes from another site: {why}"
            raise Refused(403, Code.PERMISSION_DENIED, text)

    async def _unknown(self, exchange: Exchange) -> None:
        verb, path = exchange.scope["method"], exchange.scope["path"]
        if verbs := self._table.verbs(path):
            text = f"{path} does not answer {verb}; it answers {', '.join(verbs)}"
            allow = (b"allow", ", ".join(verbs).encode())
            await exchange.adding(allow).fail(Unimplemented(text), status=405)
        else:
            await exchange.fail(Unimplemented(f"there is no {path}"), status=404)

    def _is_preflight(self, scope: Scope) -> bool:
        return self._cors is not None and is_preflight(scope["method"], dict(scope["headers"]))

    async def _preflight(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        extra = preflight_headers(self._cors, headers) if self._cors else ()
        await Exchange(scope, receive, send, {}, headers, extra).empty(204)

    async def _not_http(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand over what HTTP is not: a life span or a WebSocket belongs to the fallback."""
        if self._fallback is None:
            msg = f"this application answers HTTP only, not {scope['type']}"
            raise RuntimeError(msg)
        await self._fallback(scope, receive, send)
