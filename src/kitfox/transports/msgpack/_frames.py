"""The frames that this wire has beside those of `kitfox.multiplex`."""

import msgspec

from kitfox.multiplex import Frame


class Hello(msgspec.Struct, frozen=True, gc=False):
    """The caller shows its token, before it calls."""

    token: str


class Ping(msgspec.Struct, frozen=True, gc=False):
    """Asks whether the peer is there."""


class Pong(msgspec.Struct, frozen=True, gc=False):
    """Says so."""


class PlainRequest(msgspec.Struct, frozen=True, gc=False):
    """A call by somebody who knows the public specification only; `call` is None for no answer."""

    call: int | None
    path: str
    params: list[object]


class PlainReply(msgspec.Struct, frozen=True, gc=False):
    """The answer to one."""

    call: int
    error: object
    result: object


Incoming = Frame | Hello | Ping | Pong | PlainRequest
Outgoing = Frame | Hello | Ping | Pong | PlainReply
