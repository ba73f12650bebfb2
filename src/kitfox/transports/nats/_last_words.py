"""What is said last about a call: its reply or its error, written and read."""

from kitfox.codecs import Codec
from kitfox.core import Code
from kitfox.multiplex import Failure, Refused, Reply
from kitfox.transports.nats._failures import (
    failure_body,
    failure_headers,
    failure_of,
    is_failure,
)
from kitfox.transports.nats._headers import ITEMS, metadata_of, reply_metadata, size_of
from kitfox.transports.nats._message import Message
from kitfox.transports.nats._subjects import is_number
from kitfox.transports.nats._words import following

_NO_RESPONDERS = "503"


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


_SHORT = 1000


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
