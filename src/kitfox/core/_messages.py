"""Which types can be messages, and how a value that is none travels all the same.

A message has named fields: a msgspec.Struct, a dataclass, an attrs class or a TypedDict. Any other
value travels as the one field `value` of a generated message, and None as a message without fields.
"""

import dataclasses
from collections.abc import Callable, Iterable, Iterator
from operator import attrgetter
from typing import Annotated, NamedTuple, TypeGuard, get_args, get_origin, is_typeddict

import msgspec

Wrap = Callable[[object], object]
Field = tuple[str, object] | tuple[str, object, object]  # name, type, default

REMEDY = "a msgspec.Struct, dataclass, attrs class, TypedDict, or a built-in type of these"


class Carrier(NamedTuple):
    """The message that carries one value: its type, how to wrap the value, how to unwrap it."""

    message: type
    wrap: Wrap
    unwrap: Wrap


@dataclasses.dataclass(frozen=True, slots=True)
class Maker:
    """Makes the messages of one method: `acme.v1.UsersGetRequest` for `/acme.v1.Users/Get`.

    A document calls a message `UsersGetRequest`, or, beside another of that name, by its full name,
    `acme.v1.Users.GetRequest`. A service without a package is told apart by its Python `module`.
    """

    service: str
    method: str
    module: str

    def make(self, suffix: str, fields: Iterable[Field]) -> type:
        """Return a new message with these fields."""
        package, _, name = self.service.rpartition(".")
        return msgspec.defstruct(
            f"{name}{self.method}{suffix}",
            fields,
            frozen=True,
            module=package or self.module,
            namespace={"__qualname__": f"{name}.{self.method}{suffix}"},
        )


class Empty(msgspec.Struct, frozen=True):
    """The message that says nothing."""


def is_message(hint: object) -> TypeGuard[type]:
    """Whether `hint` has named fields of its own."""
    origin = get_origin(hint)
    if origin is Annotated:
        return is_message(get_args(hint)[0])
    kind: object = origin or hint
    return (
        _is_struct(kind)
        or dataclasses.is_dataclass(kind)
        or hasattr(kind, "__attrs_attrs__")
        or is_typeddict(kind)
    )


def _is_struct(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def carrier_of(hint: object, maker: Maker, suffix: str) -> Carrier:
    """Return how values of `hint` travel; a message made for them has the name's `suffix`."""
    if is_message(hint):
        return Carrier(hint, same, same)
    if hint is None or hint is type(None):
        return Carrier(Empty, _empty, _none)
    wrapper = maker.make(suffix, [("value", hint)])
    return Carrier(wrapper, wrapper, attrgetter("value"))


def _empty(_: object) -> Empty:
    return Empty()


def _none(_: object) -> None:
    return None


def same(value: object) -> object:
    """Return what is given: a message needs no wrapping."""
    return value


def unsupported(hint: object) -> str | None:
    """Return the name of a type inside `hint` that no codec knows, or None when all are known."""
    try:
        info = msgspec.inspect.type_info(hint)
    except TypeError as error:
        return str(error)
    return next(_custom(info, set()), None)


def _custom(info: object, seen: set[int]) -> Iterator[str]:
    """Walk over a type's description and yield the types that msgspec does not know itself."""
    if isinstance(info, msgspec.inspect.CustomType):
        yield f"{info.cls.__module__}.{info.cls.__qualname__}"
    if id(info) in seen:
        return
    seen.add(id(info))
    for part in _parts(info):
        yield from _custom(part, seen)


def _parts(info: object) -> Iterator[object]:
    if isinstance(info, msgspec.inspect.Type | msgspec.inspect.Field):
        for field in info.__struct_fields__:
            value = getattr(info, field)
            yield from value if isinstance(value, tuple) else (value,)
