"""From Python's types to protobuf's: what each message of a service is called and has in it.

Rules:

- A field's number is its position, or the one that a Tag pins. Members of a union are numbered in
  a message of their own, so that a further member moves no field.
- proto3 tells absence from zero only where it is asked to, so a field with a default is `optional`:
  what is absent takes Python's default.
- None travels as absence, unless absence means something else there: then it is an empty union.
- Lists and maps cannot be absent, nor stand in one another: where they must, a message boxes them.
"""

from collections.abc import Callable, Iterable, Sequence
from enum import Enum
from inspect import cleandoc
from typing import TypeVar, cast, get_origin

from msgspec import NODEFAULT, inspect

from kitfox.core import DefinitionError, Empty, Method
from kitfox.schema._proto_kinds import (
    alternatives,
    bare,
    enumeration,
    key_of,
    kinds_of,
    member_name,
    scalar_of,
)
from kitfox.schema._proto_names import (
    Names,
    camel,
    check_json_names,
    field_name,
    numbers,
    type_name,
)
from kitfox.schema._proto_shapes import (
    Access,
    Box,
    Enumeration,
    Field,
    Many,
    Member,
    Message,
    ProtoFile,
    ProtoMethod,
    Record,
    Shape,
    Singular,
    Table,
    Union,
    WellKnown,
)

_MANY = (
    inspect.ListType,
    inspect.SetType,
    inspect.FrozenSetType,
    inspect.VarTupleType,
    inspect.CollectionType,
)
_RECORDS = (
    inspect.StructType,
    inspect.DataclassType,
    inspect.TypedDictType,
    inspect.NamedTupleType,
)
_Recorded = (
    inspect.StructType | inspect.DataclassType | inspect.TypedDictType | inspect.NamedTupleType
)
M = TypeVar("M", bound=Message)

_EMPTY = WellKnown("google.protobuf.Empty")


def proto_files(methods: Iterable[Method]) -> list[ProtoFile]:
    """Return the files that say all about these methods: one for each package.

    Raises:
        DefinitionError: protobuf cannot carry a type.
    """
    packages: dict[str, list[Method]] = {}
    for method in methods:
        packages.setdefault(method.service.rpartition(".")[0], []).append(method)
    return [_Plan(package, members).file() for package, members in packages.items()]


class _Plan:
    """Collects what one file needs."""

    def __init__(self, package: str, methods: Sequence[Method]) -> None:
        self._package = package
        self._methods = methods
        self._names = Names({method.service.rpartition(".")[2] for method in methods})
        self._records: dict[object, Record] = {}
        self._enumerations: dict[type, Enumeration] = {}
        self._messages: list[Message] = []

    def file(self) -> ProtoFile:
        """Read all types, and return the file."""
        return ProtoFile(
            self._package,
            tuple(
                ProtoMethod(method, self._top(method.request), self._top(method.reply))
                for method in self._methods
            ),
            tuple(self._messages),
            tuple(self._enumerations.values()),
        )

    def _top(self, message: type) -> Record | WellKnown:
        info = inspect.type_info(message)
        return cast("Record | WellKnown", self._shape(info, message.__name__))

    def _shape(self, info: inspect.Type, owner: str) -> Shape:
        """Return the shape of a type; `owner` begins the names of messages made for it."""
        info = bare(info)
        match info:
            case inspect.UnionType():
                return self._union(alternatives(info), owner)
            case inspect.DictType():
                return self._table(info, owner)
            case inspect.TupleType():
                return self._tuple(info, owner)
            case inspect.EnumType():
                return self._enumeration(info.cls)
            case _ if isinstance(info, _MANY):
                return Many(self._singular(info.item_type, f"{owner}Item"))
            case _ if isinstance(info, _RECORDS):
                return self._record(info)
            case _:
                return scalar_of(info, owner)

    def _singular(self, info: inspect.Type, owner: str) -> Singular:
        """Return a shape that can stand in a list, a map or a oneof."""
        shape = self._shape(info, owner)
        return self._boxed(shape, owner) if isinstance(shape, Many | Table) else shape

    def _boxed(self, shape: Many | Table, owner: str) -> Box:
        return self._added(Box(self._names.give(owner), shape))

    def _table(self, info: inspect.DictType, owner: str) -> Table:
        key = key_of(info.key_type, owner)
        return Table(key, self._singular(info.value_type, f"{owner}Value"))

    def _enumeration(self, cls: type[Enum]) -> Enumeration:
        if (known := self._enumerations.get(cls)) is None:
            name = self._names.give(type_name(cls), cls.__module__)
            known = self._enumerations[cls] = enumeration(name, cls, self._names)
        return known

    def _union(self, types: Iterable[inspect.Type], owner: str) -> Union:
        name = self._names.give(owner)
        present = [info for info in types if not isinstance(info, inspect.NoneType)]
        members = [self._member(number, info, name) for number, info in enumerate(present, 1)]
        seen: set[str] = set()
        for member in members:
            if member.name in seen:
                text = (
                    f"{owner}: two members of a union are both {member.name!r}; rename one's class"
                )
                raise DefinitionError(text)
            seen.add(member.name)
        return self._added(Union(name, tuple(members)))

    def _member(self, number: int, info: inspect.Type, owner: str) -> Member:
        name = member_name(info)
        shape = self._singular(info, owner + camel(name))
        return Member(name, number, shape, kinds_of(info))

    def _tuple(self, info: inspect.TupleType, owner: str) -> Record:
        fields = [
            inspect.Field(name=f"item{n}", encode_name=f"item{n}", type=item)
            for n, item in enumerate(info.item_types, 1)
        ]
        record = self._added(Record(self._names.give(owner), access=Access.INDEX, sequence=True))
        return self._filled(record, fields, list(range(1, len(fields) + 1)))

    def _record(self, info: _Recorded) -> Record | WellKnown:
        cls: type = info.cls
        if cls is Empty:
            return _EMPTY
        if (known := self._records.get(cls)) is not None:
            return known
        origin = cast("type", get_origin(cls) or cls)
        record = Record(
            self._names.give(type_name(cls), origin.__module__),
            doc=_own_doc(origin),
            access=Access.KEY if isinstance(info, inspect.TypedDictType) else Access.ATTRIBUTE,
            sequence=isinstance(info, inspect.NamedTupleType) or _is_array(info),
            tag=_tag(info),
        )
        self._records[cls] = self._added(record)
        check_json_names(cls, [field.encode_name for field in info.fields])
        return self._filled(record, info.fields, numbers(cls, [f.name for f in info.fields]))

    def _filled(self, record: Record, fields: Sequence[inspect.Field], of: Sequence[int]) -> Record:
        record.fields = tuple(
            self._field(record.name, field, number)
            for field, number in zip(fields, of, strict=True)
        )
        return record

    def _field(self, record: str, field: inspect.Field, number: int) -> Field:
        nullable, shape = self._field_shape(field, record + camel(field.name))
        return Field(
            name=field_name(field.encode_name, number),
            number=number,
            key=field.encode_name,
            attribute=field.name,
            shape=shape,
            optional=nullable or not field.required,
            nullable=nullable,
            required=field.required,
            default=_default(field),
        )

    def _field_shape(self, field: inspect.Field, owner: str) -> tuple[bool, Shape]:
        """Return whether absence is None in this field, and what it holds when it is there."""
        types = alternatives(field.type)
        present = [info for info in types if not isinstance(info, inspect.NoneType)]
        may_be_none = bool(present) and len(present) < len(types)
        nullable = may_be_none and (field.required or field.default is None)
        if len(present) > 1 or (may_be_none and not nullable):
            return nullable, self._union(types, owner)
        shape = self._shape((present or types)[0], owner)
        if isinstance(shape, Many | Table) and (nullable or not _may_be_empty(field)):
            shape = self._boxed(shape, owner)
        return nullable, shape

    def _added(self, message: M) -> M:
        self._messages.append(message)
        return message


def _own_doc(cls: type) -> str:
    """Return what the author of a type wrote about it; dataclasses write a signature there."""
    doc = cls.__dict__.get("__doc__") or ""
    return "" if doc.startswith(f"{cls.__name__}(") else cleandoc(doc)


def _is_array(info: _Recorded) -> bool:
    return isinstance(info, inspect.StructType) and info.array_like


def _tag(info: _Recorded) -> tuple[str, object] | None:
    if not isinstance(info, inspect.StructType) or info.tag_field is None:
        return None
    return info.tag_field, info.tag


def _default(field: inspect.Field) -> Callable[[], object] | None:
    if field.default_factory is not NODEFAULT:
        return cast("Callable[[], object]", field.default_factory)
    return None if field.default is NODEFAULT else lambda: field.default


def _may_be_empty(field: inspect.Field) -> bool:
    """Whether nothing there and an empty collection are the same to the field's owner."""
    if field.required:
        return True
    if field.default is NODEFAULT:
        return field.default_factory in {list, dict, set, frozenset, tuple}
    return field.default in ([], (), {}, set(), frozenset())
