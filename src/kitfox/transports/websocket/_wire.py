"""Frames as WebSocket messages: one array each, whose first element is the frame's name.

The subprotocol `kitfox.json` writes them as texts of JSON, `kitfox.msgpack` as binary messages of
MessagePack. A body stands in its frame as it is, not as bytes within bytes; null says that there is
none. docs/websocket.md specifies all of it.
"""

from typing import Annotated, Final, cast

import msgspec

from kitfox.codecs import JSON, Codec, MessagePack
from kitfox.multiplex import (
    BadFrame,
    Cancel,
    Credit,
    End,
    Failure,
    Frame,
    FromCaller,
    FromServer,
    GoingAway,
    Item,
    Refused,
    Reply,
    Request,
)

Message = str | bytes

_Number = Annotated[int, msgspec.Meta(ge=0, le=2**53)]  # as much as JavaScript counts
_Items = Annotated[int, msgspec.Meta(ge=1, le=2**16)]
_Seconds = Annotated[float, msgspec.Meta(ge=0)]  # so not NaN either


class _Request(msgspec.Struct, array_like=True, tag="request", frozen=True):
    call: _Number
    path: str
    body: msgspec.Raw
    metadata: dict[str, str] = {}
    timeout: _Seconds | None = None


class _Item(msgspec.Struct, array_like=True, tag="item", frozen=True):
    call: _Number
    body: msgspec.Raw


class _End(msgspec.Struct, array_like=True, tag="end", frozen=True):
    call: _Number


class _Credit(msgspec.Struct, array_like=True, tag="credit", frozen=True):
    call: _Number
    items: _Items


class _Cancel(msgspec.Struct, array_like=True, tag="cancel", frozen=True):
    call: _Number


class _Reply(msgspec.Struct, array_like=True, tag="reply", frozen=True):
    call: _Number
    body: msgspec.Raw
    metadata: dict[str, str] = {}


class _Failure(msgspec.Struct, array_like=True, tag="failure", frozen=True):
    call: _Number
    code: int
    message: str = ""
    details: dict[str, object] = {}
    metadata: dict[str, str] = {}


class _Refused(msgspec.Struct, array_like=True, tag="refused", frozen=True):
    call: _Number


class _GoingAway(msgspec.Struct, array_like=True, tag="away", frozen=True):
    pass


_FromCaller = _Request | _Item | _End | _Credit | _Cancel
_FromServer = _Item | _Credit | _Reply | _Failure | _Refused | _GoingAway
_Wired = _FromCaller | _FromServer


class Subprotocol:
    """How one of the two writes frames, and reads them. `name` is what is negotiated."""

    def __init__(self, codec: Codec, *, text: bool) -> None:
        self.name = f"kitfox.{codec.name}"
        self.codec = codec
        self._text = text
        self._none = msgspec.Raw(codec.encode(None))
        library = msgspec.json if text else msgspec.msgpack
        self._encode = library.Encoder().encode
        self._from_caller = library.Decoder[_FromCaller](cast("type[_FromCaller]", _FromCaller))
        self._from_server = library.Decoder[_FromServer](cast("type[_FromServer]", _FromServer))

    def message(self, frame: Frame) -> Message:
        """Return a frame as a message."""
        data: bytes = self._encode(self._wired(frame))
        return data.decode() if self._text else data

    def from_caller(self, message: Message) -> FromCaller:
        """Read what a caller says; raise BadFrame for what is no frame of its."""
        try:
            return cast("FromCaller", self._plain(self._from_caller.decode(self._own(message))))
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            raise BadFrame(f"no frame of a caller: {error}") from None

    def from_server(self, message: Message) -> FromServer:
        """Read what a server says; raise BadFrame for what is no frame of its."""
        try:
            return cast("FromServer", self._plain(self._from_server.decode(self._own(message))))
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            raise BadFrame(f"no frame of a server: {error}") from None

    def _own(self, message: Message) -> bytes:
        """Return the bytes of a message of the right type."""
        if isinstance(message, str) is not self._text:
            raise BadFrame(f"{self.name} has {'text' if self._text else 'binary'} messages only")
        return message.encode() if isinstance(message, str) else message

    def _wired(self, frame: Frame) -> _Wired:
        match frame:
            case Item():
                return _Item(frame.call, msgspec.Raw(frame.body))
            case Request():
                body = self._raw(frame.body)
                metadata = dict(frame.metadata)
                return _Request(frame.call, frame.path, body, metadata, frame.timeout)
            case Reply():
                return _Reply(frame.call, self._raw(frame.body), dict(frame.metadata))
            case Failure():
                code, details, metadata = frame.code, dict(frame.details), dict(frame.metadata)
                return _Failure(frame.call, code, frame.message, details, metadata)
            case _:
                return _short(frame)

    def _plain(self, wired: _Wired) -> Frame:
        match wired:
            case _Item():
                return Item(wired.call, bytes(wired.body))
            case _Request():
                body = self._body(wired.body)
                return Request(wired.call, wired.path, body, wired.metadata, wired.timeout)
            case _Reply():
                return Reply(wired.call, self._body(wired.body), wired.metadata)
            case _Failure():
                details, metadata = wired.details, wired.metadata
                return Failure(wired.call, wired.code, wired.message, details, metadata)
            case _:
                return _long(wired)

    def _raw(self, body: bytes | None) -> msgspec.Raw:
        return self._none if body is None else msgspec.Raw(body)

    def _body(self, raw: msgspec.Raw) -> bytes | None:
        return None if raw == self._none else bytes(raw)


def _short(frame: End | Credit | Cancel | Refused | GoingAway) -> _Wired:
    match frame:
        case Credit():
            return _Credit(frame.call, frame.items)
        case End():
            return _End(frame.call)
        case Cancel():
            return _Cancel(frame.call)
        case Refused():
            return _Refused(frame.call)
        case GoingAway():
            return _GoingAway()


def _long(wired: _End | _Credit | _Cancel | _Refused | _GoingAway) -> Frame:
    match wired:
        case _Credit():
            return Credit(wired.call, wired.items)
        case _End():
            return End(wired.call)
        case _Cancel():
            return Cancel(wired.call)
        case _Refused():
            return Refused(wired.call)
        case _GoingAway():
            return GoingAway()


TEXT: Final = Subprotocol(JSON(), text=True)
BINARY: Final = Subprotocol(MessagePack(), text=False)
SUBPROTOCOLS: Final = {each.name: each for each in (BINARY, TEXT)}
