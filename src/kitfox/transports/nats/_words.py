"""What is said about a call that has begun: frames as messages, and what is read from messages."""

from collections.abc import Iterable

from kitfox.codecs import Codec
from kitfox.core import Code
from kitfox.multiplex import BadFrame, Credit, End, Failure, Frame, Item, Refused, Reply
from kitfox.transports.nats._failures import (
    failure_body,
    failure_headers,
    failure_of,
    is_failure,
)
from kitfox.transports.nats._message import ITEMS, Message, metadata_of, reply_metadata, size_of
from kitfox.transports.nats._subjects import CREDIT, END, ITEM, is_number

_NO_RESPONDERS = "503"
_SHORT = 1000


def follow_up(where: str, frame: Frame, position: int, reply: str = "") -> Message | None:
    """Return what says a part of a stream at `where`, an inbox or place with a call's number.

    `position` is how many items of the stream went before.
    """
    match frame:
        case Item():
            return Message(f"{where}.{ITEM}.{position}", frame.body, reply)
        case End():
            return Message(f"{where}.{END}.{position}", b"", reply)
        case Credit():
            return Message(f"{where}.{CREDIT}", str(frame.items).encode(), reply)
        case _:
            return None


def following(position: int, expected: int) -> int:
    """Return which item of a stream comes next; raise BadFrame when those before were lost.

    NATS promises no delivery: a route between its servers may break, and nobody hears of it.
    """
    if position != expected:
        raise BadFrame(f"expected item {expected}, got {position}")
    return position + 1


def read_credit(body: bytes) -> int:
    """Return how much credit was granted; raise BadFrame for what is no number."""
    text = body.decode("ascii", "replace")
    if not is_number(text):
        raise BadFrame(f"expected credit as a number, got {text[:40]!r}")
    return int(text)


def write_running(calls: Iterable[int]) -> bytes:
    """Return calls as the body that names those which run."""
    return " ".join(map(str, calls)).encode()


def read_running(body: bytes) -> list[int]:
    """Return the calls that a body names; what is none is left out."""
    return [int(each) for each in body.decode("ascii", "replace").split() if is_number(each)]


def write_last(
    where: str, frame: Reply | Failure, codec: Codec, *, room: int, items: int = 0
) -> Message:
    """Return the message that ends a call, of at most `room` bytes.

    `items` is how many items the stream of replies had, if the method streams them.
    """
    message = (
        _reply(where, frame, items) if isinstance(frame, Reply) else _failure(where, frame, codec)
    )
    if size_of(message.headers) + len(message.body) <= room:
        return message
    if isinstance(frame, Reply):
        why = f"the reply and its metadata are longer than {room} bytes"
        too_long = Failure(frame.call, Code.RESOURCE_EXHAUSTED.value, why, {}, {})
        return _failure(where, too_long, codec)
    return _failure(where, Failure(frame.call, frame.code, frame.message[:_SHORT], {}, {}), codec)


def _reply(where: str, frame: Reply, items: int) -> Message:
    headers = reply_metadata(frame.metadata)
    if frame.body is None:
        headers[ITEMS] = str(items)
    return Message(where, frame.body or b"", headers=headers or None)


def _failure(where: str, frame: Failure, codec: Codec) -> Message:
    return Message(where, failure_body(frame, codec), headers=failure_headers(frame))


def read_last(
    call: int, message: Message, codec: Codec, *, service: str, items: int
) -> Reply | Failure | Refused:
    """Read the message that ends a call of `service`, of whose replies `items` have come.

    Raises:
        BadFrame: some of its replies were lost.
    """
    headers = message.headers or {}
    if headers.get("Status") == _NO_RESPONDERS and not message.body:
        return Refused(call, f"nobody serves {service}")
    if is_failure(headers):
        return failure_of(call, headers, message.body, codec)
    if (told := headers.get(ITEMS)) is None:
        return Reply(call, message.body, metadata_of(headers))
    following(int(told) if is_number(told) else -1, items)
    return Reply(call, None, metadata_of(headers))
