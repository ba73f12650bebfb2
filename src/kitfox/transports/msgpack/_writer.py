"""Frames in, bytes out."""

import math
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec
from msgspec.msgpack import Ext

from kitfox.multiplex import (
    Cancel,
    Credit,
    End,
    Failure,
    GoingAway,
    Item,
    Refused,
    Reply,
    Request,
)
from kitfox.transports.msgpack._frames import Hello, Outgoing, Ping, PlainReply, Pong
from kitfox.transports.msgpack._layouts import (
    BOX,
    BOX_HEAD,
    BOXED,
    HEAD,
    ITEM,
    ITEM_HEAD,
    NIL,
    NUMBER,
    REPLY_HEAD,
    REQUEST,
    RESPONSE,
    TEXT,
    TIMEOUT,
)

_NIL = bytes([NIL])
_NO_PARAMS = b"\x90"
_ONE_BOX = b"\x91"
_LONGEST_NAME = 0xFF  # bytes; a longer one is written in the general way
_NOISE = 1e-6  # what floats may be off by, milliseconds
_LONGEST_TIMEOUT = 0xFFFF_FFFF  # milliseconds

_encode = msgspec.msgpack.Encoder().encode


class Writer:
    """Collects frames as bytes, until they are taken to be written."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._names: dict[str, bytes] = {}
        self._write: Final[Mapping[type, Callable[[Any], None]]] = {
            Request: self._request,
            Reply: self._reply,
            Item: self._item,
        }

    def add(self, frame: Outgoing) -> None:
        """Add a frame."""
        write = self._write.get(type(frame))
        if write is None:
            self._parts.append(_encode(_ARRAYS[type(frame)](frame)))
        else:
            write(frame)

    def take(self) -> bytes:
        """Return all that was added since the last time."""
        taken = b"".join(self._parts)
        self._parts.clear()
        return taken

    def _request(self, frame: Request) -> None:
        if frame.body is None:
            params: tuple[bytes, ...] = (_NO_PARAMS,)
        else:
            params = (_ONE_BOX, BOX_HEAD.pack(BOXED, len(frame.body), BOX), frame.body)
        self._parts += (
            HEAD.pack(REQUEST, NUMBER, frame.call),
            self._names.get(frame.path) or self._name(frame.path),
            *params,
            _NIL if frame.timeout is None else _milliseconds(frame.timeout),
            _beside(frame.metadata),
        )

    def _name(self, path: str) -> bytes:
        name = path.removeprefix("/").encode()
        short = len(name) <= _LONGEST_NAME
        encoded = bytes([TEXT, len(name)]) + name if short else _encode(path[1:])
        self._names[path] = encoded
        return encoded

    def _reply(self, frame: Reply) -> None:
        if (body := frame.body) is None:
            over = (1, frame.call, None, None, _boxed(frame.metadata))
            self._parts.append(_encode(over))
            return
        head = REPLY_HEAD.pack(RESPONSE, NUMBER, frame.call, NIL, BOXED, len(body), BOX)
        self._parts += (head, body, _beside(frame.metadata))

    def _item(self, frame: Item) -> None:
        head = ITEM_HEAD.pack(ITEM, NUMBER, frame.call, BOXED, len(frame.body), BOX)
        self._parts += (head, frame.body)


def _milliseconds(seconds: float) -> bytes:
    """Round up, for no time at all would be another thing; but 2.043 is no more than 2043."""
    return TIMEOUT.pack(NUMBER, math.ceil(min(seconds * 1000 - _NOISE, _LONGEST_TIMEOUT)))


def _beside(metadata: Mapping[str, str]) -> bytes:
    if not metadata:
        return _NIL
    encoded = _encode(metadata)
    return BOX_HEAD.pack(BOXED, len(encoded), BOX) + encoded


def _boxed(metadata: Mapping[str, str]) -> Ext | None:
    return Ext(BOX, _encode(metadata)) if metadata else None


def _failure(frame: Failure) -> object:
    error = (frame.code, frame.message, frame.details)
    return 1, frame.call, error, None, _boxed(frame.metadata)


# The arrays of the frames that are not frequent.
_ARRAYS: Final[Mapping[type, Callable[[Any], object]]] = {
    Failure: _failure,
    PlainReply: lambda frame: (1, frame.call, frame.error, frame.result),
    End: lambda frame: (4, frame.call),
    Credit: lambda frame: (5, frame.call, frame.items),
    Cancel: lambda frame: (6, frame.call),
    Refused: lambda frame: (7, frame.call),
    GoingAway: lambda _: (8,),
    Ping: lambda _: (9,),
    Pong: lambda _: (10,),
    Hello: lambda frame: (11, frame.token),
}
