"""A message line by line, as a .proto file and a descriptor both have it."""

from collections.abc import Iterator
from dataclasses import dataclass

from kitfox.schema._proto_shapes import (
    Box,
    Enumeration,
    Many,
    Message,
    ProtoFile,
    Record,
    Scalar,
    Shape,
    Singular,
    Table,
    Union,
    WellKnown,
)

ONEOF = "one_of"

_HOMES = {
    "google.protobuf.Duration": "google/protobuf/duration.proto",
    "google.protobuf.Empty": "google/protobuf/empty.proto",
    "google.protobuf.Timestamp": "google/protobuf/timestamp.proto",
    "google.protobuf.Value": "google/protobuf/struct.proto",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One field of a message; `json` is its name in JSON where that is not the usual one."""

    name: str
    number: int
    shape: Shape
    optional: bool = False
    json: str = ""


def lines_of(message: Message) -> list[Line]:
    """Return the fields of a message; those of a union are all in its oneof."""
    match message:
        case Record():
            return [
                Line(
                    field.name,
                    field.number,
                    field.shape,
                    field.optional and _needs_saying(field.shape),
                    field.key if field.key != field.name else "",
                )
                for field in message.fields
            ]
        case Union():
            return [Line(each.name, each.number, each.shape) for each in message.members]
        case Box():
            return [Line(box_field(message), 1, message.inner)]


def box_field(box: Box) -> str:
    """Return the name of the one field of a box."""
    return "items" if isinstance(box.inner, Many) else "entries"


def _needs_saying(shape: Shape) -> bool:
    """Whether absence is told from zero only by `optional`; a message's is told always."""
    return isinstance(shape, Scalar | Enumeration)


def singulars(shape: Shape) -> Iterator[Singular]:
    """Return the shapes whose names stand in the line of `shape`."""
    match shape:
        case Many():
            yield shape.item
        case Table():
            yield shape.key
            yield shape.value
        case _:
            yield shape


def imports_of(file: ProtoFile) -> list[str]:
    """Return the files that a file refers to."""
    shapes: list[Shape] = [line.shape for each in file.messages for line in lines_of(each)]
    for method in file.methods:
        shapes += [method.request, method.reply]
    named = [each for shape in shapes for each in singulars(shape)]
    return sorted({_HOMES[each.name] for each in named if isinstance(each, WellKnown)})


def type_word(shape: Singular, file: ProtoFile) -> str:
    """Return the full name of a type, or protobuf's word for it."""
    match shape:
        case Scalar():
            return shape.proto
        case WellKnown():
            return shape.name
        case _:
            return file.full(shape.name)
