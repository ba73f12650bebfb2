"""A few plain HTTP routes beside a service: pages, webhooks, somebody else's protocol.

For more than a few routes mount a web framework; any ASGI application can stand in the same place.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from kitfox.net._asgi import (
    SLASH,
    BadPath,
    BodyTooLarge,
    ClientGone,
    Headers,
    Receive,
    Scope,
    Send,
    path_of,
    read_body,
    reply,
    with_slashes,
)
from kitfox.net._router import Router
from kitfox.scope import fail_after

_log = logging.getLogger("kitfox.site")

TEXT = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class SiteRequest:
    """One request, read whole. `client` is the peer's address; `names` are the path's."""

    verb: str
    path: str
    names: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    client: str


@dataclass(frozen=True, slots=True)
class SiteReply:
    """What a handler answers."""

    status: int = 200
    body: bytes = b""
    content_type: str = TEXT
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


Handler = Callable[[SiteRequest], Awaitable[SiteReply]]


class Site:
    """An ASGI application of a few routes.

    Unknown paths are answered 404, wrong verbs 405 with Allow, bodies over `body_limit` bytes 413,
    bodies that take longer than `body_timeout` seconds 408, and handlers that raise 500; none of
    that text tells a stranger what went wrong inside.
    """

    def __init__(
        self, routes: Mapping[str, Handler], *, body_limit: int = 1 << 20, body_timeout: float = 30
    ) -> None:
        """Take handlers by "VERB /path/{name}"."""
        self._router: Router[Handler] = Router()
        self._body_limit = body_limit
        self._body_timeout = body_timeout
        for route, handler in routes.items():
            verb, _, template = route.partition(" ")
            self._router.add(verb, template, handler)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            msg = f"a Site answers HTTP only, not {scope['type']}"
            raise RuntimeError(msg)
        try:
            answer = await self._answer(scope, receive)
        except ClientGone:
            return
        except BadPath as error:
            answer = SiteReply(400, f"{error}\n".encode())
        await reply(send, answer.status, answer.body, _headers_of(answer))

    async def _answer(self, scope: Scope, receive: Receive) -> SiteReply:
        path = path_of(scope)
        found = self._router.find(scope["method"], path)
        if found is None:
            return _not_found(self._router.verbs(path))
        try:
            async with fail_after(self._body_timeout):
                body = await read_body(receive, self._body_limit)
        except BodyTooLarge as error:
            return SiteReply(413, f"{error}\n".encode())
        except TimeoutError:
            return SiteReply(408, b"the body did not come\n", headers={"connection": "close"})
        handler, names = found
        names = with_slashes(names) if SLASH in path else names
        return await _run(handler, _request(scope, names, body))


async def _run(handler: Handler, request: SiteRequest) -> SiteReply:
    try:
        return await handler(request)
    except Exception:  # noqa: BLE001 - logged whole, and hidden from strangers
        _log.exception("%s %s failed", request.verb, request.path)
        return SiteReply(500, b"internal error\n")


def _request(scope: Scope, names: Mapping[str, str], body: bytes) -> SiteRequest:
    client = scope.get("client")
    return SiteRequest(
        verb=scope["method"],
        path=scope["path"],
        names=names,
        query=dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)),
        headers={
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        },
        body=body,
        client=client[0] if client else "",
    )


def _not_found(verbs: tuple[str, ...]) -> SiteReply:
    if verbs:
        return SiteReply(405, b"wrong method\n", headers={"allow": ", ".join(verbs)})
    return SiteReply(404, b"not found\n")


def _headers_of(answer: SiteReply) -> Headers:
    return [
        (b"content-type", answer.content_type.encode("latin-1")),
        *(
            (name.encode("latin-1"), value.encode("latin-1"))
            for name, value in answer.headers.items()
        ),
    ]
