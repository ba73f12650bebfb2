"""The caller's side of a method: arguments in, a call through an endpoint, the reply out."""

from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable
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

    __slots__ = ("_endpoint", "_method", "_pack", "_timeout", "_unwrap", "_wrap")

    def __init__(
        self, method: Method, signature: Signature, endpoint: Endpoint, timeout: float | None
    ) -> None:
        self._method = method
        self._pack = signature.pack
        self._wrap = signature.request.wrap
        self._unwrap = signature.reply.unwrap
        self._endpoint = endpoint
        self._timeout = timeout

    @property
    def run(self) -> Callable[..., object]:
        """What makes a call when it is called, as the method's kind asks for."""
        if self._method.kind.streams_replies:
            return self.stream
        return self.collect if self._method.kind.streams_requests else self.unary

    async def unary(self, *args: object, **kwargs: object) -> object:
        """Make a call with one request and one reply."""
        message = self._pack(*args, **kwargs)
        call = Call(self._method, deadline=self._deadline())
        return self._unwrap(await within_deadline(self._endpoint, call, message))

    async def collect(self, *args: object, **kwargs: object) -> object:
        """Make a call with any number of requests and one reply."""
        message = self._pack(*args, **kwargs)
        call = Call(self._method, deadline=self._deadline())
        return self._unwrap(await self._run(call, message))

    def stream(self, *args: object, **kwargs: object) -> ReplyStream[object]:
        """Return the replies of a call that starts when the first one is asked for."""
        message = self._pack(*args, **kwargs)
        deadline = self._deadline()

        async def run(send: Send) -> None:
            await self._run(Call(self._method, deadline=deadline, send=send), message)

        return ReplyStream(run, self._unwrap)

    def _deadline(self) -> Deadline | None:
        if self._timeout is None:
            return current_deadline()
        return earliest(Deadline.after(self._timeout), current_deadline())

    async def _run(self, call: Call, message: object) -> object:
        if not self._method.kind.streams_requests:
            return await within_deadline(self._endpoint, call, message)
        async with aclosing(mapped(message, self._wrap)) as requests:
            return await within_deadline(self._endpoint, call, requests)


def within_deadline(endpoint: Endpoint, call: Call, message: object) -> Awaitable[object]:
    """Run `endpoint`, and cancel it at the call's deadline; an expired call is not started.

    Raises:
        DeadlineExceeded: the deadline came first.
    """
    if call.deadline is None:
        return endpoint(call, message)
    return _enforced(call.deadline, endpoint, call, message)


async def _enforced(deadline: Deadline, endpoint: Endpoint, call: Call, message: object) -> object:
    if not deadline.remaining():
        raise _expired(call)
    scope = deadline_scope(deadline)
    try:
        with scope:
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
