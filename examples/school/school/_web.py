"""What grading's and the portal's routes have in common."""

from collections.abc import Mapping

import msgspec

from kitfox.core import NotFound
from kitfox.net import ASGIApp, ASGIScope, Event, Receive, Send, SiteRequest
from school.contract import Id

# No form and no grade is longer.
BODY_LIMIT = 16_384

_NOSNIFF = (b"x-content-type-options", b"nosniff")


def path_id(request: SiteRequest, name: str) -> int:
    """Return a number that stands in the path. Raises NotFound when it can be nobody's."""
    text = request.names[name]
    try:
        return msgspec.convert(text, Id, strict=False)
    except msgspec.ValidationError:
        raise NotFound(f"no {name} {text[:20]}") from None


def with_headers(app: ASGIApp, headers: Mapping[str, str] | None = None) -> ASGIApp:
    """Return `app` with `headers` on all that it answers; no browser guesses what that is."""
    extra = [_NOSNIFF, *((n.encode(), v.encode()) for n, v in (headers or {}).items())]

    async def answer(scope: ASGIScope, receive: Receive, send: Send) -> None:
        async def send_more(event: Event) -> None:
            if event["type"] == "http.response.start":
                event = {**event, "headers": [*event["headers"], *extra]}
            await send(event)

        await app(scope, receive, send_more)

    return answer
