"""What is said about a call that has begun: how it is written, and how it is read."""

from collections.abc import Iterable

from kitfox.multiplex import BadFrame, Credit, End, Frame, Item
from kitfox.transports.nats._message import Message
from kitfox.transports.nats._subjects import CREDIT, END, ITEM, is_number


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
