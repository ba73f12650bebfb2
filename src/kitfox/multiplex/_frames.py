"""What the two ends of a link say to each other about calls, whatever the wire.

A call has a number of at most 32 bits, chosen by its caller, never used twice on a link. In order:

- the caller says Request; then, for each request of a stream, Item; then End
- the server says Item for each reply of a stream; then Reply or Failure, which ends the call
- either says Credit when it has taken items; nobody sends more items than it has credit for
- the caller says Cancel when it has given up, which ends the call too
- a server that stops says GoingAway, and Refused to each call that it will not start

What is said about a call that is over is ignored: the two sides may end it at the same time.
"""

from collections.abc import Mapping

import msgspec

# How many items of a stream may be on their way before the reader has granted more.
WINDOW = 16


class Request(msgspec.Struct, frozen=True, gc=False):
    """A call begins. `body` is None when the method streams requests; `timeout` is in seconds."""

    call: int
    path: str
    body: bytes | None
    metadata: Mapping[str, str]
    timeout: float | None


class Item(msgspec.Struct, frozen=True, gc=False):
    """One message of a stream."""

    call: int
    body: bytes


class End(msgspec.Struct, frozen=True, gc=False):
    """The stream of requests is over."""

    call: int


class Credit(msgspec.Struct, frozen=True, gc=False):
    """So many more items may be sent."""

    call: int
    items: int


class Cancel(msgspec.Struct, frozen=True, gc=False):
    """The caller has given up."""

    call: int


class Reply(msgspec.Struct, frozen=True, gc=False):
    """The call is over and went well. `body` is None when the method streams replies."""

    call: int
    body: bytes | None
    metadata: Mapping[str, str]


class Failure(msgspec.Struct, frozen=True, gc=False):
    """The call is over and failed. `code` is one of the canonical RPC codes, as its number."""

    call: int
    code: int
    message: str
    details: Mapping[str, object]
    metadata: Mapping[str, str]


class Refused(msgspec.Struct, frozen=True, gc=False):
    """The server never began this call and never will: it may be made elsewhere."""

    call: int
    why: str = "the server is stopping"


class GoingAway(msgspec.Struct, frozen=True, gc=False):
    """The server stops soon: make further calls elsewhere."""


FromCaller = Request | Item | End | Credit | Cancel
FromServer = Item | Credit | Reply | Failure | Refused | GoingAway
Frame = FromCaller | FromServer
