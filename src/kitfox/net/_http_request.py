"""The head of a request, as bytes that mean what the caller meant."""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from kitfox.net._http_url import Origin

Pairs = Sequence[tuple[bytes, bytes]]
Headers = Mapping[str, str] | Pairs

_TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_OURS = frozenset({b"host", b"content-length", b"transfer-encoding"})
_BODY_EXPECTED = frozenset({"POST", "PUT", "PATCH"})


def request_head(
    method: str, origin: Origin, target: str, headers: Headers, *, length: int | None
) -> bytes:
    """Write the head of a request; a `length` of None announces a body in chunks.

    Raises ValueError for what would not arrive as it was meant: a method or a header name that is
    no token, a line break in a value, a header that the client writes itself. Raises TypeError for
    headers that are neither text by text nor pairs of bytes.
    """
    pairs = headers if isinstance(headers, (list, tuple)) else _pairs(headers)
    start = (_method(method), target.encode(), origin.authority)
    fields = [b"%b %b HTTP/1.1\r\nhost: %b\r\n" % start, _framing(method, length)]
    try:
        for name, value in pairs:
            fields += (_name(name), value, b"\r\n")
        fields.append(b"\r\n")
        head = b"".join(fields)
    except TypeError:
        raise _mistyped(pairs, bytes) from None
    lines = len(pairs) + (4 if fields[1] else 3)
    if head.count(b"\n") != lines or head.count(b"\r") != lines or b"\0" in head:
        raise _unclean(pairs)
    return head


def whole(body: object) -> bytes:
    """Return a body that is there whole; raises TypeError for what is none."""
    if isinstance(body, bytes | bytearray):
        return bytes(body)
    raise TypeError(f"body: expected bytes, got {type(body).__name__}")


def chunk(data: bytes) -> bytes:
    """Write one chunk of a body (RFC 9112, section 7.1); an empty one ends the body."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def _framing(method: str, length: int | None) -> bytes:
    if length is None:
        return b"transfer-encoding: chunked\r\n"
    if length or method in _BODY_EXPECTED:
        return b"content-length: %d\r\n" % length
    return b""


@lru_cache(maxsize=64)
def _method(method: str) -> bytes:
    encoded = method.encode()
    if not _TOKEN.fullmatch(encoded):
        raise ValueError(f"method {method!r} is not a token")
    return encoded


@lru_cache(maxsize=1024)
def _name(name: bytes) -> bytes:
    if not _TOKEN.fullmatch(name):
        raise ValueError(f"header name {name!r} is not a token")
    if name.lower() in _OURS:
        raise ValueError(f"header {name!r} is written by the client itself")
    return name + b": "


def _pairs(headers: Headers) -> Pairs:
    if not isinstance(headers, Mapping):
        return headers
    try:
        return [_encoded(name, text) for name, text in headers.items()]
    except AttributeError:
        raise _mistyped(headers.items(), str) from None


def _encoded(name: str, text: str) -> tuple[bytes, bytes]:
    """Return a header as it is sent, in Latin-1 (RFC 9110, section 5.5)."""
    try:
        return name.encode("latin-1"), text.encode("latin-1")
    except UnicodeEncodeError:
        raise ValueError(f"header {name!r} is not Latin-1") from None


def _mistyped(pairs: Iterable[tuple[object, object]], right: type) -> TypeError:
    """Return what to say of headers of the wrong types; their values may be secrets."""
    kinds = ((type(name), type(value)) for name, value in pairs)
    name, value = next(kind for kind in kinds if kind != (right, right))
    return TypeError(
        "headers: expected a mapping of str to str, or pairs of bytes; "
        f"got {name.__name__} and {value.__name__}"
    )


def _unclean(headers: Pairs) -> ValueError:
    for name, value in headers:
        if any(byte in value for byte in b"\r\n\0"):
            return ValueError(f"header {name!r}: its value {value!r} has a line break or a NUL")
    raise AssertionError("method, target and authority were checked before")
