"""How messages become bytes and back, and what a wrong byte is called."""

import re
from collections.abc import Callable
from typing import Protocol

import msgspec

from kitfox.core import Internal, InvalidArgument

Decoder = Callable[[bytes], object]
Encoder = Callable[[object], bytes]

_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

# How msgspec ends its texts: " - at `$.items[0].id`", " - at `key` in `$.counts`".
_PATH = re.compile(r" - at (?P<key>`key` in )?`\$\.?(?P<path>[^`]*)`$")
_MISSING = re.compile(r"missing required field `(?P<name>[^`]+)`$")


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
        except _UNREADABLE as error:
            raise invalid(error) from None

    return read


def reply_decoder(codec: Codec, message: type) -> Decoder:
    """Return what a client reads replies with; it raises Internal, for it is the server's fault."""
    decode = codec.decoder(message)

    def read(body: bytes) -> object:
        try:
            return decode(body)
        except _UNREADABLE as error:
            text = f"the peer's reply is not a {message.__name__}: {error}"
            raise Internal(text) from None

    return read


def invalid(error: Exception, within: str = "") -> InvalidArgument:
    """Return the error for a request that could not be read, with the path of the field.

    `within` is the field in which the reading began, when it was not the whole request.
    """
    path, problem = _fault(str(error))
    field = _joined(within, path)
    if not field:
        return InvalidArgument(problem)
    return InvalidArgument(f"{field}: {problem}", details={"field": field, "problem": problem})


def _fault(text: str) -> tuple[str, str]:
    """Split what msgspec says into the path of the field at fault, or nothing, and the rest."""
    path, problem = "", text
    if match := _PATH.search(text):
        path, problem = match["path"], text[: match.start()]
        if match["key"]:
            problem += ", in a key"
    if match := _MISSING.search(problem):
        path = _joined(path, match["name"])
    return path, problem


def _joined(*parts: str) -> str:
    return ".".join(filter(None, parts)).replace(".[", "[")
