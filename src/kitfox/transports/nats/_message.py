"""What NATS carries: a subject, where to answer, headers and a body."""

from collections.abc import Mapping
from typing import NamedTuple


class Message(NamedTuple):
    """One message, to be published or just arrived."""

    subject: str
    body: bytes = b""
    reply: str = ""
    headers: Mapping[str, str] | None = None
