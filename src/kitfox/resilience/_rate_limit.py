"""Calls are refused when their key has had its share.

A refusal is ResourceExhausted, with what a caller has to know in its details, which every wire
carries: `reason` "rate_limit", `limit`, `remaining`, and in seconds `reset` and `retry_after`. It
also goes out as the metadata `ratelimit` and `ratelimit-policy`, which over HTTP are the fields
RateLimit and RateLimit-Policy (draft-ietf-httpapi-ratelimit-headers).
"""

import re
from collections.abc import Callable
from math import ceil, inf
from typing import Final

from kitfox.core import Call, Endpoint, Key, Middleware, ResourceExhausted
from kitfox.resilience._attempts import REFUSED
from kitfox.resilience._clock import loop_time
from kitfox.resilience._keys import by_caller, shortened
from kitfox.resilience._limiter import Decision, Limiter

_NAME: Final = re.compile(r"[A-Za-z0-9_.*/-]+")


def rate_limit(
    limiter: Limiter,
    *,
    key: Key = by_caller,
    name: str = "default",
    announce: bool = False,
    clock: Callable[[], float] = loop_time,
) -> Middleware:
    """Refuse calls that `limiter` does not allow their `key`.

    `name` is what callers know the limit by. With `announce`, callers hear with each reply how much
    is left; it is for servers, and costs them some microseconds a call.

    Raises:
        ResourceExhausted: from a call; the details say when to come back.
    """
    if not _NAME.fullmatch(name):
        msg = f"name: expected letters, digits and '_.*/-', got {name!r}"
        raise ValueError(msg)

    def wrap(endpoint: Endpoint) -> Endpoint:
        async def limited(call: Call, message: object) -> object:
            decision = limiter.take(shortened(key(call, message) or ""), 1.0, clock())
            if not isinstance(decision, Decision):
                decision = await decision
            if announce or not decision.allowed:
                _announce(call, name, decision)
            if not decision.allowed:
                raise _refusal(call, decision)
            return await endpoint(call, message)

        return limited

    return wrap


def _announce(call: Call, name: str, decision: Decision) -> None:
    if decision.limit == inf:
        return
    limit, window = int(decision.limit), decision.window
    length = f";w={max(1, ceil(window))}" if window < inf else ""
    reset = f";t={ceil(decision.reset)}" if decision.reset < inf else ""
    call.reply_metadata["ratelimit-policy"] = f'"{name}";q={limit}{length}'
    call.reply_metadata["ratelimit"] = f'"{name}";r={int(decision.remaining)}{reset}'


def _refusal(call: Call, decision: Decision) -> ResourceExhausted:
    figures = {
        "limit": decision.limit,
        "remaining": decision.remaining,
        "reset": decision.reset,
        "retry_after": decision.retry_after,
    }
    details: dict[str, object] = {"reason": "rate_limit", REFUSED: call.method.path}
    details |= {name: value for name, value in figures.items() if value < inf}
    return ResourceExhausted(f"{call.method.path}: too many calls", details=details)
