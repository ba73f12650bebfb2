"""A connection whose caller has not shown the token yet: every call is refused."""

from collections.abc import Callable

from kitfox.core import Unauthenticated
from kitfox.multiplex import Cancel, Credit, End, Failure, Item, Request
from kitfox.net import SharedToken
from kitfox.transports.msgpack._frames import Hello, PlainReply, PlainRequest
from kitfox.transports.msgpack._plain import plain_error
from kitfox.transports.msgpack._stream import Handlers, Stream

_WHY = "this server asks for a token, and the caller has not shown the right one"


class Gate:
    """Gives a stream the handlers that serve it when the token was shown."""

    def __init__(self, stream: Stream, token: SharedToken, handlers: Handlers) -> None:
        self._stream = stream
        self._token = token
        self._handlers = handlers

    def close(self, on_loss: Callable[[str], None]) -> None:
        """Refuse all calls until the token comes."""
        self._on_loss = on_loss
        refusing: Handlers = {
            **dict.fromkeys((Item, End, Credit, Cancel), _ignore),
            Request: self._refuse,
            PlainRequest: self._refuse_plain,
            Hello: self._open,
        }
        self._stream.attach(refusing, on_loss)

    def _open(self, hello: Hello) -> None:
        if self._token.matches(hello.token):
            self._stream.attach(self._handlers, self._on_loss)

    def _refuse(self, frame: Request) -> None:
        self._stream.send(Failure(frame.call, Unauthenticated.code.value, _WHY, {}, {}))

    def _refuse_plain(self, frame: PlainRequest) -> None:
        if frame.call is not None:
            self._stream.send(PlainReply(frame.call, plain_error(Unauthenticated(_WHY)), None))


def _ignore(_: Item | End | Credit | Cancel) -> None:
    """Take a frame of a call that was refused."""
