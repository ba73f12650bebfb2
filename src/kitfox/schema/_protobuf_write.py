"""From Python's values to protobuf's messages: compiled once for each type.

A `Put` sets one field of a message from the value that has it; a `Fill` sets a whole message.
What does not fit raises Fault.
"""

from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from operator import attrgetter, itemgetter
from typing import Any, cast

import msgspec

from kitfox.schema._proto_lines import box_field
from kitfox.schema._proto_shapes import (
    Access,
    Box,
    Enumeration,
    Field,
    Many,
    Member,
    Record,
    Scalar,
    Shape,
    Singular,
    Table,
    Union,
    WellKnown,
)
from kitfox.schema._protobuf_fault import FAULTS, fault_at
from kitfox.schema._protobuf_well_known import FILLS

# The fields of messages made at run time have no types, nor has what they hold.
Message = Any
Value = Any
Fill = Callable[[Message, Value], None]
Get = Callable[[Value], Value]
Convert = Callable[[Value], Value]

_IN_ORDER = (list, tuple, set, frozenset)


class Writers:
    """Makes the writers of messages, one for each shape."""

    def __init__(self) -> None:
        self._records: dict[Record, Fill] = {}

    def fill(self, shape: Singular) -> Fill:
        """Return what fills a message from a value."""
        match shape:
            case Record():
                return self._records.get(shape) or self._record(shape)
            case Union():
                return self._union(shape)
            case Box():
                return self._put(box_field(shape), shape.inner)
            case WellKnown():
                return FILLS[shape.name]
            case _:
                raise TypeError(f"{shape} is no message")

    def _record(self, record: Record) -> Fill:
        puts: list[tuple[str, Fill]] = []

        def fill(message: Message, value: Value) -> None:
            for key, put in puts:
                try:
                    put(message, value)
                except FAULTS as error:
                    raise fault_at(f".{key}", error) from None

        self._records[record] = fill  # known before its fields are: one may lead back here
        puts += [(each.key, self._field(record, each, at)) for at, each in enumerate(record.fields)]
        return fill

    def _field(self, record: Record, field: Field, at: int) -> Fill:
        put = self._put(field.name, field.shape)
        if record.access is Access.KEY:
            return _put_item(field, put)
        by_index = record.access is Access.INDEX
        get: Get = itemgetter(at) if by_index else attrgetter(field.attribute)
        return _put_optional(get, put, field) if field.optional else _put_always(get, put)

    def _put(self, name: str, shape: Shape) -> Fill:
        """Return what sets the field `name` of a message to a value that is there."""
        match shape:
            case Many():
                return self._put_many(name, shape.item)
            case Table():
                return self._put_table(name, shape)
            case Scalar() | Enumeration():
                return _put_scalar(name, _converter(shape))
            case _:
                return _put_message(name, self.fill(shape))

    def _put_many(self, name: str, item: Singular) -> Fill:
        if isinstance(item, Scalar | Enumeration):
            return _put_scalars(name, _converter(item))
        fill = self.fill(item)

        def put(message: Message, value: Value) -> None:
            items = getattr(message, name)
            try:
                for each in _in_order(value):
                    fill(items.add(), each)
            except FAULTS as error:
                raise fault_at(f"[{len(items) - 1}]" if items else "", error) from None

        return put

    def _put_table(self, name: str, table: Table) -> Fill:
        key = _converter(table.key) or _same
        if not isinstance(table.value, Scalar | Enumeration):
            return _put_messages_by_key(name, key, self.fill(table.value))
        convert = _converter(table.value) or _same

        def put(message: Message, value: Value) -> None:
            entries = getattr(message, name)
            for each, held in value.items():
                entries[key(each)] = convert(held)

        return put

    def _union(self, union: Union) -> Fill:
        puts = [(self._put(each.name, each.shape), each) for each in union.members]
        by_type: dict[type, Fill] = {}
        for first in (True, False):  # a type's own member before one that takes it, too
            for put, member in puts:
                for kind in member.kinds[:1] if first else member.kinds:
                    by_type.setdefault(kind, put)

        def fill(message: Message, value: Value) -> None:
            if value is not None:
                kind = cast("type", value.__class__)
                put = by_type.get(kind) or _nearest(puts, value)
                put(message, value)

        return fill


def _nearest(puts: Iterable[tuple[Fill, Member]], value: object) -> Fill:
    for put, member in puts:
        if isinstance(value, member.kinds):
            return put
    raise TypeError(f"{type(value).__name__!r} is none of the union's types")


def _put_item(field: Field, put: Fill) -> Fill:
    key = field.key

    def put_item(message: Message, value: Value) -> None:
        if field.required or key in value:
            held = value[key]
            if held is not None or not field.nullable:
                put(message, held)

    return put_item


def _put_always(get: Get, put: Fill) -> Fill:
    return lambda message, value: put(message, get(value))


def _put_optional(get: Get, put: Fill, field: Field) -> Fill:
    nullable = field.nullable

    def put_optional(message: Message, value: Value) -> None:
        held = get(value)
        if held is not msgspec.UNSET and not (nullable and held is None):
            put(message, held)

    return put_optional


def _put_scalar(name: str, convert: Convert | None) -> Fill:
    if convert is None:
        return lambda message, value: setattr(message, name, value)
    return lambda message, value: setattr(message, name, convert(value))


def _put_message(name: str, fill: Fill) -> Fill:
    def put(message: Message, value: Value) -> None:
        inner = getattr(message, name)
        inner.SetInParent()
        fill(inner, value)

    return put


def _put_scalars(name: str, convert: Convert | None) -> Fill:
    if convert is None:
        return lambda message, value: getattr(message, name).extend(_in_order(value))
    return lambda message, value: getattr(message, name).extend(map(convert, _in_order(value)))


def _put_messages_by_key(name: str, key: Convert, fill: Fill) -> Fill:
    def put(message: Message, value: Value) -> None:
        entries = getattr(message, name)
        for each, held in value.items():
            inner = entries[key(each)]
            inner.SetInParent()
            fill(inner, held)

    return put


def _in_order(value: Value) -> Value:
    """Return a collection; a text is none, though it could be iterated."""
    if not isinstance(value, _IN_ORDER):
        raise TypeError(f"expected a list, got {type(value).__name__!r}")
    return cast("Value", value)


def _converter(shape: Scalar | Enumeration) -> Convert | None:
    """Return what makes a value protobuf's, or None when it is so already."""
    if isinstance(shape, Enumeration):
        return _number_of(shape)
    if shape.proto == "bytes":
        return _raw
    return _spell if shape.spelt else None


def _number_of(enumeration: Enumeration) -> Convert:
    numbers: Mapping[object, int] = {each.value: each.number for each in enumeration.choices}

    def number(value: Value) -> int:
        plain = value.value if isinstance(value, Enum) else value
        if plain not in numbers:
            raise ValueError(f"Invalid enum value {plain!r}")
        return numbers[plain]

    return number


def _raw(value: Value) -> bytes:
    """Return what has bytes as bytes; an int, of which Python would make so many, has none."""
    return value if isinstance(value, bytes) else bytes(memoryview(value))


def _spell(value: Value) -> str:
    if isinstance(value, Enum):
        return str(value.value)
    isoformat = getattr(value, "isoformat", None)
    return str(value) if isoformat is None else isoformat()


def _same(value: Value) -> Value:
    return value
