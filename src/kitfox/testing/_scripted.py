"""An endpoint that answers as it was told, and remembers what it was asked."""

from collections.abc import AsyncIterable, Iterable
from typing import cast, get_origin

from kitfox.core import Call, Empty, Endpoint, Method


class ScriptedEndpoint:
    """Gives its answers in order, one for each call. It is a connection, too: all methods are it.

    An answer is what a handler would return; for a stream of replies, the items. An exception is
    raised, also in the midst of items. A coroutine function is an endpoint and takes the call's or
    the item's place: `(call, message) -> reply`. `calls` and `requests` are what came so far; a
    stream of requests is read to its end first, and is there as the list of its items.

    Raises:
        AssertionError: a call comes for which there is no answer.
    """

    def __init__(self, *answers: object) -> None:
        self.calls: list[Call] = []
        self.requests: list[object] = []
        self._answers = answers

    @property
    def left(self) -> int:
        """How many answers were not asked for yet."""
        return len(self._answers) - len(self.calls)

    async def __call__(self, call: Call, message: object) -> object:
        """Give the next answer."""
        if not self.left:
            msg = f"{call.method.path}: call {len(self.calls) + 1}, and no answer is left for it"
            raise AssertionError(msg)
        answer = self._answers[len(self.calls)]
        self.calls.append(call)
        self.requests.append(message)
        if call.method.kind.streams_requests:
            items = cast("AsyncIterable[object]", message)
            self.requests[-1] = [item async for item in items]
        return await _give(answer, call, message)

    def endpoint(self, method: Method) -> Endpoint:
        """Return itself, whatever the method."""
        return self


async def _give(answer: object, call: Call, message: object) -> object:
    if not call.method.kind.streams_replies:
        return await _one(answer, call, message)
    items = cast("Iterable[object]", answer) if isinstance(answer, list | tuple) else (answer,)
    for item in items:
        await call.send(await _one(item, call, message))
    return None


async def _one(answer: object, call: Call, message: object) -> object:
    if isinstance(answer, BaseException):
        raise answer
    if callable(answer):
        answer = await cast("Endpoint", answer)(call, message)
    return _as_message(answer, call.method)


def _as_message(value: object, method: Method) -> object:
    """Return what travels for a value, which may be a message already."""
    if method.reply is Empty:
        return Empty()
    kind = get_origin(method.reply) or method.reply
    if getattr(kind, "__struct_fields__", ()) == ("value",) and not isinstance(value, kind):
        return method.reply(value)
    return value
