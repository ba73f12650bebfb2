"""Protobuf's own messages, both ways: Duration, Empty, Timestamp and Value.

https://protobuf.dev/reference/protobuf/google.protobuf/
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast

import msgspec

# The fields of messages made at run time have no types, nor has what a Value holds.
Message = Any
Value = Any

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND: Final = timedelta(seconds=1)
_MICROSECOND: Final = timedelta(microseconds=1)
_EXACT: Final = 1 << 53  # doubles count whole numbers up to here


def _put_timestamp(message: Message, value: datetime) -> None:
    if value.tzinfo is None:
        raise TypeError("a datetime without a time zone is no point in time")
    since = value - _EPOCH
    message.seconds = since // _SECOND
    message.nanos = since % _SECOND // _MICROSECOND * 1000


def _timestamp(message: Message) -> datetime:
    return _EPOCH + timedelta(seconds=message.seconds, microseconds=message.nanos // 1000)


def _put_duration(message: Message, value: timedelta) -> None:
    sign = -1 if value < timedelta() else 1  # the two parts have the same sign
    length = abs(value)
    message.seconds = sign * (length // _SECOND)
    message.nanos = sign * (length % _SECOND // _MICROSECOND * 1000)


def _duration(message: Message) -> timedelta:
    micros = int(message.nanos / 1000)  # toward zero
    return timedelta(seconds=message.seconds, microseconds=micros)


def _put_empty(_: Message, value: Value) -> None:
    """Say nothing."""


def _empty(_: Message) -> dict[str, object]:
    return {}


def _put_anything(message: Message, value: Value) -> None:
    _put_plain(message, msgspec.to_builtins(value, str_keys=True))


def _put_plain(message: Message, value: Value) -> None:
    match value:
        case bool():
            message.bool_value = value
        case int() | float():
            message.number_value = _checked(value)
        case str():
            message.string_value = value
        case dict():
            _put_fields(message.struct_value, cast("dict[str, Value]", value))
        case None:
            message.null_value = 0
        case _:
            _put_items(message.list_value, value)


def _put_fields(struct: Message, value: Mapping[str, Value]) -> None:
    struct.SetInParent()
    for key, each in value.items():
        _put_plain(struct.fields[key], each)


def _put_items(items: Message, value: Value) -> None:
    items.SetInParent()
    for each in value:
        _put_plain(items.values.add(), each)


def _checked(number: float) -> float:
    """Return a number that a double holds; a silent change of it would be worse than a refusal."""
    if isinstance(number, int) and abs(number) > _EXACT:
        raise OverflowError(f"{number} is too large: a protobuf Value holds doubles only")
    return number


def _anything(message: Message) -> Value:
    match message.WhichOneof("kind"):
        case "number_value":
            return _number(message.number_value)
        case "struct_value":
            fields = message.struct_value.fields
            return {key: _anything(each) for key, each in fields.items()}
        case "list_value":
            return [_anything(each) for each in message.list_value.values]
        case None | "null_value":
            return None
        case kind:
            return getattr(message, kind)


def _number(value: float) -> float:
    """Return a whole number as an int."""
    return int(value) if value.is_integer() and abs(value) <= _EXACT else value


FILLS: Final[Mapping[str, Callable[[Message, Value], None]]] = {
    "google.protobuf.Duration": _put_duration,
    "google.protobuf.Empty": _put_empty,
    "google.protobuf.Timestamp": _put_timestamp,
    "google.protobuf.Value": _put_anything,
}
READS: Final[Mapping[str, Callable[[Message], Value]]] = {
    "google.protobuf.Duration": _duration,
    "google.protobuf.Empty": _empty,
    "google.protobuf.Timestamp": _timestamp,
    "google.protobuf.Value": _anything,
}
