"""What grading's and the portal's routes have in common."""

from collections.abc import Mapping

import msgspec

from kitfox.core import NotFound
from kitfox.net import (
    ASGIApp,
    Event,
    Receive,
    Scope,
    Send,
    SiteRequest,
    cross_origin,
    reply,
)
from school.contract import Id

# No form and no grade is longer.
BODY_LIMIT = 16_384

_NOSNIFF = (b"x-content-type-options", b"nosniff")
_PLAIN = (b"content-type", b"text/plain; charset=utf-8")


def path_id(request: SiteRequest, name: str) -> int:
    """Return a number that stands in the path. Raises NotFound when it can be nobody's."""
    text = request.names[name]
    try:
        return msgspec.convert(text, Id, strict=False)
    except msgspec.ValidationError:
        raise NotFound(f"no {name} {text[:20]}") from None


def guarded(app: ASGIApp, headers: Mapping[str, str] | None = None) -> ASGIApp:
    """Return `app` closed to other sites' posts; `headers` are added to all that it answers."""
    extra = [_NOSNIFF, *((n.encode(), v.encode()) for n, v in (headers or {}).items())]

    async def guard(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_more(event: Event) -> None:
            if event["type"] == "http.response.start":
                event = {**event, "headers": [*event["headers"], *extra]}
            await send(event)

        if why := _refusal(scope):
            text = f"refused, for it comes from another site: {why}\n"
            await reply(send_more, 403, text.encode(), (_PLAIN,))
        else:
            await app(scope, receive, send_more)

    return guard


def _refusal(scope: Scope) -> str | None:
    if scope["type"] != "http":
        return None
    return cross_origin(scope["method"], dict(scope["headers"]))
