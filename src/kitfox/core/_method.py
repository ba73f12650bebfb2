"""What a method is, whatever the wire: its name, its shape and what it promises."""

from dataclasses import dataclass, field
from enum import Enum


class Kind(Enum):
    """Which of the two sides is a stream.

    `streams_requests`: the caller sends any number of requests; `streams_replies`: the handler
    sends any number of replies.
    """

    streams_requests: bool
    streams_replies: bool

    UNARY = "unary"
    SERVER_STREAM = "server_stream"
    CLIENT_STREAM = "client_stream"
    BIDI_STREAM = "bidi_stream"

    def __init__(self, word: str) -> None:
        # Asked several times in each call: attributes, not properties.
        self.streams_requests = word in {"client_stream", "bidi_stream"}
        self.streams_replies = word in {"server_stream", "bidi_stream"}


@dataclass(frozen=True, slots=True, eq=False)
class Method:
    """One method of a service.

    `request` and `reply` are the types of a message, in a stream of one item of it; `scopes` are
    what a caller must be allowed, all of them, where callers are known.

    Methods compare by identity: a service class makes each of its methods once.
    """

    service: str
    name: str
    kind: Kind
    request: type
    reply: type
    idempotent: bool = False
    scopes: frozenset[str] = frozenset()
    doc: str = ""
    path: str = field(init=False)
    """The method's full name, `/package.Service/Method`."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", f"/{self.service}/{self.name}")
