"""The idea in the middle: everything that can take a call has one shape.

An endpoint takes a call and its message, does the work, and returns when the call is over. A
handler is one, a wire's client side is one, a cluster of instances is one; so whatever wraps an
endpoint (a retry, a breaker, a span, a limit) works at both ends of every wire.

    message in:   the request, or an async iterator of requests
    message out:  the reply, or None after any number of `await call.send(reply)`

When the endpoint returns or raises, the call is over, streams too. Nothing needs a second hook.
"""

from collections.abc import Awaitable, Callable
from functools import reduce

from kitfox.core._call import Call

Endpoint = Callable[[Call, object], Awaitable[object]]
Middleware = Callable[[Endpoint], Endpoint]


def chain(*middleware: Middleware) -> Middleware:
    """Return one middleware out of several: a call passes the first one first."""

    def wrap(endpoint: Endpoint) -> Endpoint:
        return reduce(lambda inner, outer: outer(inner), reversed(middleware), endpoint)

    return wrap
