"""The little of HTTP/1.1 that a probe speaks: a head without a body, one on a connection. Pure.

RFC 9112: what is malformed is refused, not guessed at.
"""

import re
from collections.abc import Mapping
from typing import Final, NamedTuple, Self
from urllib.parse import parse_qsl, urlsplit

MOST_BYTES: Final = 8192
"""How long a head may be."""

END: Final = b"\r\n\r\n"
"""What a head ends with."""

_LINE: Final = re.compile(rb"([A-Z]{1,16}) (/[\x21-\x7e]*) HTTP/1\.[01]")
_FIELD: Final = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([\t\x20-\x7e\x80-\xff]*)")

_REASONS: Final = {
    200: "OK",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    500: "Internal Server Error",
    503: "Service Unavailable",
}


class ProbeRequest(NamedTuple):
    """What somebody asks."""

    verb: str
    path: str
    verbose: bool
    headers: Mapping[str, str]

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read a head, and nothing behind it. Raises ValueError."""
        head, end, _ = data.partition(END)
        if not end or len(head) > MOST_BYTES:
            raise ValueError(f"the request is longer than {MOST_BYTES} bytes")
        first, *fields = head.split(b"\r\n")
        if (line := _LINE.fullmatch(first)) is None:
            raise ValueError("this is no HTTP/1.1 request")
        headers = dict(map(_field, fields))
        if len(headers) < len(fields):  # of two hosts or tokens, which one would count?
            raise ValueError("a header is there twice")
        parts = urlsplit(line[2].decode("ascii"))
        query = parse_qsl(parts.query, keep_blank_values=True)
        return cls(
            line[1].decode("ascii"), parts.path, "verbose" in [name for name, _ in query], headers
        )


class ProbeReply(NamedTuple):
    """What is answered."""

    status: int
    text: str
    headers: Mapping[str, str] = {}

    def format(self, *, body: bool = True) -> bytes:
        """Write the whole of it; HEAD gets no body."""
        text = f"{self.text}\n".encode(errors="replace")
        lines = [
            f"HTTP/1.1 {self.status} {_REASONS[self.status]}",
            "content-type: text/plain; charset=utf-8",
            f"content-length: {len(text)}",
            "cache-control: no-store",
            "x-content-type-options: nosniff",
            "connection: close",
            *(f"{name}: {value}" for name, value in self.headers.items()),
        ]
        return "\r\n".join([*lines, "", ""]).encode("ascii") + (text if body else b"")


def _field(line: bytes) -> tuple[str, str]:
    if (field := _FIELD.fullmatch(line)) is None:
        raise ValueError("a header is malformed")
    return field[1].decode("ascii").lower(), field[2].decode("latin-1").strip()
