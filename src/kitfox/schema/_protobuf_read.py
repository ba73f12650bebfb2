"""From protobuf's messages to what msgspec converts to a type: compiled once for each type.

A `Take` puts one field of a message into a dict, unless it is absent; a `Read` makes the whole.
What Python's types cannot hold, such as a year 10,000, raises Fault.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from kitfox.schema._proto_lines import box_field
from kitfox.schema._proto_shapes import (
    Box,
    Enumeration,
    Field,
    Many,
    Record,
    Scalar,
    Shape,
    Singular,
    Table,
    Union,
    WellKnown,
)
from kitfox.schema._protobuf_fault import Fault, fault_at
from kitfox.schema._protobuf_well_known import READS

# The fields of messages made at run time have no types, nor has what they hold.
Message = Any
Value = Any
Found = dict[str, Value]
Read = Callable[[Message], Value]
Take = Callable[[Message, Found], None]
Absence = Callable[[], Value]

_FAULTS = (Fault, OverflowError)


class Readers:
    """Makes the readers of messages, one for each shape."""

    def __init__(self) -> None:
        self._records: dict[Record, Read] = {}

    def read(self, shape: Shape) -> Read:
        """Return what reads a value."""
        match shape:
            case Scalar():
                return _same
            case Enumeration():
                return _choice_of(shape)
            case Many():
                return self._many(shape.item)
            case Table():
                return self._table(shape)
            case _:
                return self.message(shape)

    def message(self, shape: Record | Union | Box | WellKnown) -> Read:
        """Return what reads a message."""
        match shape:
            case Record():
                return self._records.get(shape) or self._record(shape)
            case Union():
                return self._union(shape)
            case Box():
                return self._box(shape)
            case WellKnown():
                return READS[shape.name]

    def _record(self, record: Record) -> Read:
        takes: list[tuple[str, Take]] = []

        def read(message: Message) -> Found:
            found: Found = {}
            for key, take in takes:
                try:
                    take(message, found)
                except _FAULTS as error:
                    raise fault_at(f".{key}", error) from None
            return found

        made = _in_sequence(read) if record.sequence else read
        self._records[record] = made  # known before its fields are: one may lead back here
        if record.tag is not None:
            takes.append((record.tag[0], _say(*record.tag)))
        takes += [(field.key, self._take(field, record)) for field in record.fields]
        return made

    def _take(self, field: Field, record: Record) -> Take:
        read = self.read(field.shape)
        if isinstance(field.shape, Many | Table):
            return _take_always(field, read)
        if isinstance(field.shape, Scalar) and not field.optional:
            return _take_scalar(field)
        absence = _absence(field, in_sequence=record.sequence)
        if isinstance(field.shape, Enumeration):
            return _take_choice(field, read, absence)
        return _take_present(field, read, absence)

    def _union(self, union: Union) -> Read:
        reads = [(each.name, self.read(each.shape)) for each in union.members]

        def read_union(message: Message) -> Value:
            for name, read in reads:
                if message.HasField(name):
                    return read(getattr(message, name))
            return None

        return read_union

    def _box(self, box: Box) -> Read:
        name, read = box_field(box), self.read(box.inner)
        return lambda message: read(getattr(message, name))

    def _many(self, item: Singular) -> Read:
        if isinstance(item, Scalar):
            return list
        read = self.read(item)

        def read_items(items: Value) -> Value:
            found: list[Value] = []
            try:
                found.extend(map(read, items))  # what was read until one fails is in there
            except _FAULTS as error:
                raise fault_at(f"[{len(found)}]", error) from None
            return found

        return read_items

    def _table(self, table: Table) -> Read:
        if isinstance(table.value, Scalar):
            return dict
        read = self.read(table.value)
        return lambda entries: {key: read(held) for key, held in entries.items()}


def _in_sequence(read: Callable[[Message], Found]) -> Read:
    return lambda message: list(read(message).values())


def _say(key: str, value: object) -> Take:
    def take(_: Message, found: Found) -> None:
        found[key] = value

    return take


def _take_scalar(field: Field) -> Take:
    key, name = field.key, field.name

    def take(message: Message, found: Found) -> None:
        found[key] = getattr(message, name)

    return take


def _take_always(field: Field, read: Read) -> Take:
    key, name = field.key, field.name

    def take(message: Message, found: Found) -> None:
        found[key] = read(getattr(message, name))

    return take


def _take_choice(field: Field, read: Read, absence: Absence | None) -> Take:
    """Take an enum; zero where no member has that number says nothing, like absence."""
    key, name, optional = field.key, field.name, field.optional

    def take(message: Message, found: Found) -> None:
        present = not optional or message.HasField(name)
        if present and (value := read(getattr(message, name))) is not None:
            found[key] = value
        elif absence is not None:
            found[key] = absence()

    return take


def _take_present(field: Field, read: Read, absence: Absence | None) -> Take:
    key, name = field.key, field.name

    def take(message: Message, found: Found) -> None:
        if message.HasField(name):
            found[key] = read(getattr(message, name))
        elif absence is not None:
            found[key] = absence()

    return take


def _absence(field: Field, *, in_sequence: bool) -> Absence | None:
    """Return what stands for a field that is absent; None where leaving it out says it.

    In a sequence nothing can be left out, for what comes next would take its place.
    """
    if field.nullable and field.required:
        return lambda: None
    default = field.default
    if default is None or not in_sequence:
        return None
    return lambda: msgspec.to_builtins(default())


def _choice_of(enumeration: Enumeration) -> Read:
    values = {each.number: each.value for each in enumeration.choices}
    in_words = any(isinstance(value, str) for value in values.values())
    unknown = str if in_words else int  # msgspec refuses it, and says why

    def choice(number: int) -> object:
        return values[number] if number in values else unknown(number)

    return choice


def _same(value: Value) -> Value:
    return value
