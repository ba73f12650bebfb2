"""A few plain HTTP routes beside a service: pages, webhooks, somebody else's protocol.

For more than a few routes mount a web framework; any ASGI application can stand in the same place.
"""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from kitfox.net._asgi import (
    SLASH,
    ASGIScope,
    BadPath,
    BodyTooLarge,
    ClientGone,
    Headers,
    Receive,
    Send,
    path_of,
    read_body,
    reply,
    with_slashes,
)
from kitfox.net._client_watch import ClientWatch
from kitfox.net._cross_origin import cross_origin
from kitfox.net._router import Router
from kitfox.scope import Block, current_deadline, enter_block, fail_after, innermost_block

_log = logging.getLogger("kitfox.site")

TEXT = "text/plain; charset=utf-8"

# A header's name and value (RFC 9110, 5.1 and 5.5): no line break, so neither begins another.
_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_OURS = frozenset({"content-length", "content-type", "transfer-encoding"})


@dataclass(frozen=True, slots=True)
class SiteRequest:
    """One request, read whole.

    `client` is the peer's address; `names` are the path's; `root` is where the site is mounted,
    which the path begins with.
    """

    verb: str
    path: str
    names: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    client: str
    root: str = ""


@dataclass(frozen=True, slots=True)
class SiteReply:
    """What a handler answers."""

    status: int = 200
    body: bytes = b""
    content_type: str = TEXT
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


Handler = Callable[[SiteRequest], Awaitable[SiteReply]]
Dress = Callable[[SiteReply], SiteReply]


class Site:
    """An ASGI application of a few routes.

    Unknown paths are answered 404, wrong verbs 405 with Allow, what a browser sends on behalf of
    another site 403 (see `cross_origin`), bodies over `body_limit` bytes 413, bodies that take
    longer than `body_timeout` seconds 408, and handlers that raise 500; none of that text tells a
    stranger what went wrong inside.

    A handler is cancelled when its client leaves, and its `current_scope()` says so. It has no
    deadline but what is in force around the site.

    Those answers are plain text. `refusal` is given each of them and returns what is sent instead,
    a page for example; it keeps the status and the headers.
    """

    def __init__(
        self,
        routes: Mapping[str, Handler],
        *,
        body_limit: int = 1 << 20,
        body_timeout: float = 30,
        refusal: Dress | None = None,
    ) -> None:
        """Take handlers by "VERB /path/{name}"."""
        self._router: Router[Handler] = Router()
        self._body_limit = body_limit
        self._body_timeout = body_timeout
        self._refusal = refusal or _plain
        for route, handler in routes.items():
            verb, _, template = route.partition(" ")
            self._router.add(verb, template, handler)

    async def __call__(self, scope: ASGIScope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            msg = f"a Site answers HTTP only, not {scope['type']}"
            raise RuntimeError(msg)
        try:
            answer = await self._answer(scope, receive)
        except ClientGone:
            return
        except _Refused as refused:
            answer = self._refusal(refused.reply)
        await reply(send, answer.status, answer.body, _headers_of(answer))

    async def _answer(self, scope: ASGIScope, receive: Receive) -> SiteReply:
        """Return the handler's answer; raises _Refused with the site's own."""
        handler, names = self._find(scope)
        _refuse_other_sites(scope)
        body = await self._body(receive)
        request = _request(scope, names, body)
        try:
            answer = await _handled(handler, request, receive)
            _check(answer)
        except ClientGone:
            raise
        except Exception:  # noqa: BLE001 - logged whole, and hidden from strangers
            _log.exception("%s %s failed", request.verb, request.path)
            raise _Refused(500, "internal error") from None
        return answer

    def _find(self, scope: ASGIScope) -> tuple[Handler, Mapping[str, str]]:
        try:
            path = path_of(scope)
        except BadPath as error:
            raise _Refused(400, str(error)) from None
        if (found := self._router.find(scope["method"], path)) is not None:
            handler, names = found
            return handler, with_slashes(names) if SLASH in path else names
        if verbs := self._router.verbs(path):
            raise _Refused(405, "wrong method", allow=", ".join(verbs))
        raise _Refused(404, "not found")

    async def _body(self, receive: Receive) -> bytes:
        try:
            async with fail_after(self._body_timeout):
                return await read_body(receive, self._body_limit)
        except BodyTooLarge as error:
            raise _Refused(413, str(error)) from None
        except TimeoutError:
            raise _Refused(408, "the body did not come", connection="close") from None


class _Answering(Block):
    """What a handler stands in."""

    __slots__ = ("deadline",)

    def __init__(self) -> None:
        super().__init__(innermost_block())
        self.deadline = current_deadline()
        self.loop = asyncio.get_running_loop()


async def _handled(handler: Handler, request: SiteRequest, receive: Receive) -> SiteReply:
    """Run a handler until it is done, or its client leaves: then raise ClientGone."""
    block = _Answering()
    watch = ClientWatch(block, receive)
    enter_block(block)
    try:
        return await handler(request)
    except asyncio.CancelledError:
        if not watch.gone:
            raise
        watch.take_back()
        raise ClientGone from None
    finally:
        watch.stop()
        block.end()
        enter_block(block.around)


class _Refused(Exception):
    """What the site answers itself."""

    def __init__(self, status: int, text: str, **headers: str) -> None:
        super().__init__(text)
        self.reply = SiteReply(status, f"{text}\n".encode(), headers=headers)


def _refuse_other_sites(scope: ASGIScope) -> None:
    if why := cross_origin(scope["method"], dict(scope["headers"])):
        raise _Refused(403, f"this comes from another site: {why}")


def _plain(refusal: SiteReply) -> SiteReply:
    return refusal


def _check(answer: SiteReply) -> None:
    """Raise ValueError for a header that would not arrive as it was meant."""
    for name in answer.headers:
        if not _NAME.fullmatch(name) or name.lower() in _OURS:
            raise ValueError(f"header {name!r} is no token, or written by the site itself")
    for value in (answer.content_type, *answer.headers.values()):
        if not _VALUE.fullmatch(value):
            raise ValueError(f"header value {value[:80]!r} has a line break or is not Latin-1")


def _request(scope: ASGIScope, names: Mapping[str, str], body: bytes) -> SiteRequest:
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
        root=scope.get("root_path", ""),
    )


def _headers_of(answer: SiteReply) -> Headers:
    return [
        (b"content-type", answer.content_type.encode("latin-1")),
        *(
            (name.encode("latin-1"), value.encode("latin-1"))
            for name, value in answer.headers.items()
        ),
    ]
