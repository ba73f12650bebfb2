"""Something instead of a reply, when there is none to be had."""

import inspect
from collections.abc import Awaitable, Callable, Collection
from typing import Final

from kitfox.core import (
    Call,
    Code,
    Empty,
    Endpoint,
    Method,
    Middleware,
    RPCError,
    method_of,
)
from kitfox.resilience._clock import loop_time
from kitfox.resilience._cutoffs import Cutoffs
from kitfox.scope import Deadline, deadline_scope

AWAY: Final = frozenset({Code.UNAVAILABLE, Code.DEADLINE_EXCEEDED, Code.RESOURCE_EXHAUSTED})
"""Nobody could answer, or not in time."""


def fallback(
    function: Callable[..., object] | Method,
    substitute: object,
    *,
    codes: Collection[Code] = AWAY,
    share: float = 0.95,
    clock: Callable[[], float] = loop_time,
) -> Middleware:
    """Give `substitute` for a reply when calls of one method fail with one of `codes`.

    `function` is the method as the service's class has it, `Users.get`, or the Method. The
    substitute is a value, or a function that returns one, from the request and the error: at once
    or asynchronously, in which case it has what is left of the deadline, and may raise the error
    again. So that something is left, a call gets the part `share` of the time that there is. Calls
    of other methods pass.

    Raises:
        TypeError: the method streams its replies, or is none.
    """
    method = function if isinstance(function, Method) else method_of(function)
    if method.kind.streams_replies:
        raise TypeError(f"{method.path} streams its replies: there is no one value to fall back on")

    cutoffs = Cutoffs()

    def wrap(endpoint: Endpoint) -> Endpoint:
        async def call_or_substitute(call: Call, message: object) -> object:
            try:
                if call.deadline is None:
                    return await endpoint(call, message)
                now = clock()
                until = Deadline(now + (call.deadline.at - now) * share)
                return await cutoffs.run(endpoint, call, message, until)
            except RPCError as error:
                if error.code not in codes:
                    raise
                value = await _value(substitute, call, message, error)
            return _as_reply(method, value)

        def call_this(call: Call, message: object) -> Awaitable[object]:
            other = call.method.path != method.path
            return endpoint(call, message) if other else call_or_substitute(call, message)

        return call_this

    return wrap


async def _value(substitute: object, call: Call, message: object, error: RPCError) -> object:
    value = substitute(message, error) if callable(substitute) else substitute
    if not inspect.isawaitable(value):
        return value
    try:
        async with deadline_scope(call.deadline):
            return await value
    except TimeoutError:
        raise error from None


def _as_reply(method: Method, value: object) -> object:
    """Return a value as the message that carries it: most are messages themselves."""
    if method.reply is Empty:
        return Empty()
    fields: object = getattr(method.reply, "__struct_fields__", None)
    if fields == ("value",) and not isinstance(value, method.reply):
        return method.reply(value)
    return value
