"""What a method is, whatever the wire: its name, its shape and what it promises."""

from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """Which of the two sides is a stream."""

    UNARY = "unary"
    SERVER_STREAM = "server_stream"
    CLIENT_STREAM = "client_stream"
    BIDI_STREAM = "bidi_stream"

    @property
    def streams_requests(self) -> bool:
        """Whether the caller sends any number of requests."""
        return self in {Kind.CLIENT_STREAM, Kind.BIDI_STREAM}

    @property
    def streams_replies(self) -> bool:
        """Whether the handler sends any number of replies."""
        return self in {Kind.SERVER_STREAM, Kind.BIDI_STREAM}


@dataclass(frozen=True, slots=True, eq=False)
class Method:
    """One method of a service. `request` and `reply` are message types (of one item in a stream).

    Methods compare by identity: a service class makes each of its methods once.
    """

    service: str
    name: str
    kind: Kind
    request: type
    reply: type
    idempotent: bool = False
    doc: str = ""

    @property
    def path(self) -> str:
        """The method's full name, `/package.Service/Method`."""
        return f"/{self.service}/{self.name}"
