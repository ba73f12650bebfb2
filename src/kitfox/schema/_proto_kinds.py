"""Which of protobuf's own kinds a type becomes, when it has no fields of its own."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from types import NoneType
from typing import cast, get_origin
from uuid import UUID

from msgspec import inspect

from kitfox.core import DefinitionError
from kitfox.schema._proto_names import Names, camel, shouted, type_name
from kitfox.schema._proto_shapes import Choice, Enumeration, Scalar, WellKnown

_TEXT = Scalar("string", spelt=True)
# What each type becomes, and whose values are of it.
_KINDS: Mapping[type[inspect.Type], tuple[Scalar | WellKnown, tuple[type, ...]]] = {
    inspect.AnyType: (WellKnown("google.protobuf.Value"), (object,)),
    inspect.BoolType: (Scalar("bool"), (bool,)),
    inspect.ByteArrayType: (Scalar("bytes"), (bytes, bytearray)),
    inspect.BytesType: (Scalar("bytes"), (bytes, bytearray)),
    inspect.DateTimeType: (WellKnown("google.protobuf.Timestamp"), (datetime,)),
    inspect.DateType: (_TEXT, (date,)),
    inspect.DecimalType: (_TEXT, (Decimal,)),
    inspect.FloatType: (Scalar("double"), (float, int)),
    inspect.IntType: (Scalar("int64"), (int,)),
    inspect.MemoryViewType: (Scalar("bytes"), (memoryview,)),
    inspect.NoneType: (WellKnown("google.protobuf.Value"), (NoneType,)),
    inspect.StrType: (Scalar("string"), (str,)),
    inspect.TimeDeltaType: (WellKnown("google.protobuf.Duration"), (timedelta,)),
    inspect.TimeType: (_TEXT, (time,)),
    inspect.UUIDType: (_TEXT, (UUID,)),
}
_LARGEST = (1 << 31) - 1


def bare(info: inspect.Type) -> inspect.Type:
    """Return a type without what is only said about it, such as a description."""
    return bare(info.type) if isinstance(info, inspect.Metadata) else info


def alternatives(info: inspect.Type) -> list[inspect.Type]:
    """Return the members of a union, or the type alone."""
    plain = bare(info)
    return [bare(each) for each in plain.types] if isinstance(plain, inspect.UnionType) else [plain]


def scalar_of(info: inspect.Type, owner: str) -> Scalar | WellKnown:
    """Return what a type without fields becomes.

    Raises:
        DefinitionError: nothing of protobuf's fits.
    """
    if isinstance(info, inspect.LiteralType):
        return _literal(info.values)
    if isinstance(info, inspect.DateTimeType) and info.tz is False:
        return _TEXT
    if (known := _KINDS.get(type(info))) is None:
        raise DefinitionError(f"{owner}: protobuf has nothing like {type(info).__name__}")
    return known[0]


def key_of(info: inspect.Type, owner: str) -> Scalar:
    """Return what the keys of a map become; keys of any type are texts, as in JSON.

    Raises:
        DefinitionError: protobuf has no such keys.
    """
    info = bare(info)
    if isinstance(info, inspect.AnyType):
        return Scalar("string")
    if isinstance(info, inspect.EnumType):
        if all(isinstance(member.value, str) for member in info.cls):
            return _TEXT
    elif type(info) in _KINDS or isinstance(info, inspect.LiteralType):
        shape = scalar_of(info, owner)
        if isinstance(shape, Scalar) and shape.proto in {"bool", "int64", "string"}:
            return shape
    raise DefinitionError(f"{owner}: a map's keys in protobuf are texts, ints or bools")


def _literal(values: tuple[object, ...]) -> Scalar | WellKnown:
    if all(isinstance(value, str) for value in values):
        return Scalar("string")
    if all(isinstance(value, int) for value in values):
        return Scalar("int64")
    return WellKnown("google.protobuf.Value")


def enumeration(name: str, cls: type[Enum], names: Names) -> Enumeration:
    """Return an enum with its values as numbers, or, when these are texts, its positions from 1.

    The labels of all enums of a file are in one scope, so each begins with its enum's name.
    """
    members = list(cls)
    by_value = all(_is_number(member.value) for member in members)
    prefix = shouted(name)
    choices = [
        Choice(
            names.give(f"{prefix}_{shouted(member.name)}"),
            cast("int", member.value) if by_value else position,
            member.value,
        )
        for position, member in enumerate(members, 1)
    ]
    choices.sort(key=lambda choice: choice.number != 0)
    if not choices or choices[0].number:
        choices.insert(0, Choice(names.give(f"{prefix}_UNSPECIFIED"), 0, None))
    return Enumeration(name, tuple(choices))


def _is_number(value: object) -> bool:
    return isinstance(value, int) and -_LARGEST <= value <= _LARGEST


def member_name(info: inspect.Type) -> str:
    """Return what a member of a union is called, after its type: `user`, `int`, `list`."""
    cls = getattr(info, "cls", None)
    name = type_name(cls) if cls is not None else type(info).__name__.removesuffix("Type")
    return shouted(camel(name)).lower()


def kinds_of(info: inspect.Type) -> tuple[type, ...]:
    """Return the Python types whose values are this member of a union."""
    if (known := _KINDS.get(type(info))) is not None:
        return known[1]
    if isinstance(info, inspect.DictType | inspect.TypedDictType):
        return (dict,)
    if isinstance(info, inspect.LiteralType):
        return tuple({type(value) for value in info.values})
    cls = cast("type | None", getattr(info, "cls", None))
    if cls is None:  # a list or a tuple: whatever comes in order
        return (list, tuple, set, frozenset)
    return (get_origin(cls) or cls,)
