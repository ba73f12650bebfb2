"""Frames as MessagePack arrays, however these are written."""

from collections.abc import Mapping
from typing import Annotated, cast

import msgspec
from msgspec import UNSET, Meta, UnsetType
from msgspec.msgpack import Ext

from kitfox.multiplex import (
    BadFrame,
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
from kitfox.transports.msgpack._frames import Hello, Incoming, Ping, PlainRequest, Pong
from kitfox.transports.msgpack._layouts import BOX
from kitfox.transports.msgpack._metadata import read_metadata

Number = Annotated[int, Meta(ge=0, le=0xFFFF_FFFF)]


class _Error(msgspec.Struct, array_like=True):
    code: Number
    message: str
    details: dict[str, object]


class _Request(msgspec.Struct, array_like=True, tag=0):
    call: Number
    method: str
    params: list[object]
    timeout: Number | UnsetType | None = UNSET
    metadata: Ext | None = None

    def frame(self) -> Incoming:
        path = "/" + self.method
        if self.timeout is UNSET:
            return PlainRequest(self.call, path, self.params)
        timeout = None if self.timeout is None else self.timeout / 1000
        body = _opened(_only(self.params)) if self.params else None
        return Request(self.call, path, body, _beside(self.metadata), timeout)


class _Response(msgspec.Struct, array_like=True, tag=1):
    call: Number
    error: _Error | None
    result: Ext | None
    metadata: Ext | None

    def frame(self) -> Incoming:
        metadata = _beside(self.metadata)
        if self.error is not None:
            code, message, details = self.error.code, self.error.message, self.error.details
            return Failure(self.call, code, message, details, metadata)
        body = None if self.result is None else _opened(self.result)
        return Reply(self.call, body, metadata)


class _Notification(msgspec.Struct, array_like=True, tag=2):
    method: str
    params: list[object]

    def frame(self) -> Incoming:
        return PlainRequest(None, "/" + self.method, self.params)


class _Item(msgspec.Struct, array_like=True, tag=3):
    call: Number
    message: Ext

    def frame(self) -> Incoming:
        return Item(self.call, _opened(self.message))


class _End(msgspec.Struct, array_like=True, tag=4):
    call: Number

    def frame(self) -> Incoming:
        return End(self.call)


class _Credit(msgspec.Struct, array_like=True, tag=5):
    call: Number
    items: Number

    def frame(self) -> Incoming:
        return Credit(self.call, self.items)


class _Cancel(msgspec.Struct, array_like=True, tag=6):
    call: Number

    def frame(self) -> Incoming:
        return Cancel(self.call)


class _Refused(msgspec.Struct, array_like=True, tag=7):
    call: Number

    def frame(self) -> Incoming:
        return Refused(self.call)


class _GoingAway(msgspec.Struct, array_like=True, tag=8):
    def frame(self) -> Incoming:
        return GoingAway()


class _Ping(msgspec.Struct, array_like=True, tag=9):
    def frame(self) -> Incoming:
        return Ping()


class _Pong(msgspec.Struct, array_like=True, tag=10):
    def frame(self) -> Incoming:
        return Pong()


class _Hello(msgspec.Struct, array_like=True, tag=11):
    token: str

    def frame(self) -> Incoming:
        return Hello(self.token)


_Read = (
    _Request
    | _Response
    | _Notification
    | _Item
    | _End
    | _Credit
    | _Cancel
    | _Refused
    | _GoingAway
    | _Ping
    | _Pong
    | _Hello
)
_decode = msgspec.msgpack.Decoder(_Read).decode


def read_frame(encoded: bytes) -> Incoming:
    """Return the frame that some bytes are; raise BadFrame when they are none."""
    try:
        read: _Read = _decode(encoded)
        return read.frame()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadFrame(f"not a frame: {error}") from None


def _only(params: list[object]) -> Ext:
    if len(params) != 1 or not isinstance(params[0], Ext):
        raise BadFrame("a request with a time limit holds one box, or nothing")
    return params[0]


def _opened(box: Ext) -> bytes:
    if box.code != BOX:
        raise BadFrame(f"an extension of type {box.code} is no box; that is type {BOX}")
    return bytes(cast("bytes", box.data))


def _beside(box: Ext | None) -> Mapping[str, str]:
    return {} if box is None else read_metadata(_opened(box))
