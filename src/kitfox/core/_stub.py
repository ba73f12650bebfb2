"""The caller's side of a method: arguments in, a call through an endpoint, the reply out."""

from collections.abc import AsyncGenerator, AsyncIterable, Callable
from contextlib import aclosing
from typing import cast

from kitfox.core._call import Call, Send
from kitfox.core._endpoint import Endpoint
from kitfox.core._method import Method
from kitfox.core._reply_stream import ReplyStream
from kitfox.core._signature import Signature
from kitfox.core._status import DeadlineExceeded
from kitfox.scope import Deadline, current_deadline, deadline_scope, earliest


class Caller:
    """Makes the calls of one method."""

    __slots__ = ("_endpoint", "_method", "_signature", "_timeout")

    def __init__(
        self, method: Method, signature: Signature, endpoint: Endpoint, timeout: float | None
    ) -> None:
        self._method = method
        self._signature = signature
        self._endpoint = endpoint
        self._timeout = timeout

    async def unary(self, *args: object, **kwargs: object) -> object:
        """Make a call with one reply."""
        message = self._signature.pack(*args, **kwargs)
        call = Call(self._method, deadline=self._deadline())
        return self._signature.reply.unwrap(await self._run(call, message))

    def stream(self, *args: object, **kwargs: object) -> ReplyStream[object]:
        """Return the replies of a call that starts when the first one is asked for."""
        message = self._signature.pack(*args, **kwargs)
        deadline = self._deadline()

        async def run(send: Send) -> None:
            await self._run(Call(self._method, deadline=deadline, send=send), message)

        return ReplyStream(run, self._signature.reply.unwrap)

    def _deadline(self) -> Deadline | None:
        own = None if self._timeout is None else Deadline.after(self._timeout)
        return earliest(own, current_deadline())

    async def _run(self, call: Call, message: object) -> object:
        if not self._method.kind.streams_requests:
            return await within_deadline(self._endpoint, call, message)
        async with aclosing(mapped(message, self._signature.request.wrap)) as requests:
            return await within_deadline(self._endpoint, call, requests)


async def within_deadline(endpoint: Endpoint, call: Call, message: object) -> object:
    """Run `endpoint`, and cancel it at the call's deadline; an expired call is not started.

    Raises:
        DeadlineExceeded: the deadline came first.
    """
    deadline = call.deadline
    if deadline is None:
        return await endpoint(call, message)
    if not deadline.remaining():
        raise _expired(call)
    scope = deadline_scope(deadline)
    try:
        async with scope:
            return await endpoint(call, message)
    except TimeoutError:
        if scope.fired:
            raise _expired(call) from None
        raise


async def mapped(items: object, change: Callable[[object], object]) -> AsyncGenerator[object, None]:
    """Yield each of an async iterable's items, changed; close the iterable when done."""
    if not isinstance(items, AsyncIterable):
        msg = f"expected an async iterator of requests, got {type(items).__name__}"
        raise TypeError(msg)
    try:
        async for item in cast("AsyncIterable[object]", items):
            yield change(item)
    finally:
        if isinstance(items, AsyncGenerator):
            await items.aclose()


def _expired(call: Call) -> DeadlineExceeded:
    return DeadlineExceeded(f"{call.method.path}: the deadline came before the reply")
