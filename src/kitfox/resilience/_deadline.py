"""How long calls may take when nobody said so, and at the most.

A handler's own calls must know how long the call may take that it serves: that deadline is put in
force. Of a call that is made, all that is below reads the deadline from the call itself, and there
may be very many: one timer enforces those of an endpoint.
"""

import asyncio
from collections.abc import Awaitable, Callable

from kitfox.core import (
    Call,
    Endpoint,
    Kind,
    Method,
    Middleware,
    served_call,
    within_deadline,
)
from kitfox.resilience._cutoffs import Cutoffs
from kitfox.scope import Deadline

Timeout = float | Callable[[Method], float | None] | None
"""Seconds for unary methods; or a function that says it of each method, None for no limit."""


def deadline(*, default: Timeout = None, maximum: Timeout = None) -> Middleware:
    """Return middleware that gives calls a deadline.

    `default` is for those that have none, and meant for clients; no call gets more time than
    `maximum`, which is meant for servers. A number is for unary methods: what streams has no length
    that all would agree on, so only a function limits it.

    Raises:
        ValueError: a number is not positive.
    """
    default_of, maximum_of = _by_method(default, "default"), _by_method(maximum, "maximum")

    def wrap(endpoint: Endpoint) -> Endpoint:
        cutoffs = Cutoffs("the deadline came before the reply")

        def call_within(call: Call, message: object) -> Awaitable[object]:
            most = maximum_of(call.method)
            if call.deadline is None and (usual := default_of(call.method)) is not None:
                most = usual if most is None else min(usual, most)
            if most is None:
                return endpoint(call, message)
            latest = asyncio.get_running_loop().time() + most
            if call.deadline is not None and call.deadline.at <= latest:
                return endpoint(call, message)  # whoever gave it this deadline enforces it
            call.deadline = until = Deadline(latest)
            if served_call() is call:
                return within_deadline(endpoint, call, message)
            return cutoffs.run(endpoint, call, message, until)

        return call_within

    return wrap


def _by_method(timeout: Timeout, name: str) -> Callable[[Method], float | None]:
    if callable(timeout):
        return timeout
    if timeout is not None and not timeout > 0:
        msg = f"{name}: expected seconds, more than 0, got {timeout}"
        raise ValueError(msg)
    return lambda method: timeout if method.kind is Kind.UNARY else None
