"""How messages become bytes and back, and what a wrong byte is called."""

import re
from collections.abc import Callable
from typing import Protocol

import msgspec

from kitfox.core import Internal, InvalidArgument

Decoder = Callable[[bytes], object]
Encoder = Callable[[object], bytes]

_PATH = re.compile(r" - at `(?:key in )?\$?\.?(?P<path>[^`]*)`$")


class Codec(Protocol):
    """One way to write messages."""

    @property
    def name(self) -> str:
        """The codec's short name, as configuration spells it."""
        ...

    @property
    def content_type(self) -> str:
        """The media type of what `encode` returns."""
        ...

    def encode(self, message: object, /) -> bytes:
        """Return `message` as bytes; TypeError for what the codec cannot write."""
        ...

    def decoder(self, message: type) -> Decoder:
        """Return what reads messages of one type; it raises msgspec.DecodeError."""
        ...


def request_decoder(codec: Codec, message: type) -> Decoder:
    """Return what a server reads requests with.

    It raises InvalidArgument, with the path of the field at fault in `details["field"]`.
    """
    decode = codec.decoder(message)

    def read(body: bytes) -> object:
        try:
            return decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise invalid(error) from None

    return read


def reply_decoder(codec: Codec, message: type) -> Decoder:
    """Return what a client reads replies with; it raises Internal, for it is the server's fault."""
    decode = codec.decoder(message)

    def read(body: bytes) -> object:
        try:
            return decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            text = f"the peer's reply is not a {message.__name__}: {error}"
            raise Internal(text) from None

    return read


def invalid(error: Exception) -> InvalidArgument:
    """Return the error for a request that could not be read, with the path of the field."""
    text = str(error)
    if (match := _PATH.search(text)) is None:
        return InvalidArgument(text)
    path = match["path"] or "(the whole)"
    problem = text[: match.start()]
    return InvalidArgument(f"{path}: {problem}", details={"field": path, "problem": problem})
