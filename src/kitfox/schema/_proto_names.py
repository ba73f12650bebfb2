"""The names and numbers that types and fields have in protobuf."""

import re
from collections.abc import Iterable, Mapping
from itertools import chain, count
from typing import (
    Annotated,
    NotRequired,
    Required,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)

from kitfox.core import DefinitionError
from kitfox.schema._tag import number_of

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_METHODS = frozenset(  # of a message in Python, which a field of that name would hide
    ["HasField", "ParseFromString", "SerializeToString", "SetInParent", "WhichOneof"]
)
_LAST_NUMBER = (1 << 29) - 1
_PROTOBUFS_OWN = range(19_000, 20_000)


class Names:
    """Gives each thing of one file a name that no other has."""

    def __init__(self, taken: set[str]) -> None:
        self._taken = taken

    def give(self, name: str, module: str = "") -> str:
        """Return `name`; when it is taken, with the module before it, or a number behind it."""
        long = camel(module) + name
        candidates = chain([name, long], (f"{long}{number}" for number in count(2)))
        chosen = next(each for each in candidates if each not in self._taken)
        self._taken.add(chosen)
        return chosen


def camel(text: str) -> str:
    """Return words of any kind as one name: `first_name` is `FirstName`."""
    return "".join(part[:1].upper() + part[1:] for part in re.split(r"[^A-Za-z0-9]+", text))


def shouted(text: str) -> str:
    """Return a name as enum values are written: `PaymentState` is `PAYMENT_STATE`."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", text)
    return re.sub(r"[^A-Z0-9]+", "_", apart.upper()).strip("_") or "VALUE"


def type_name(cls: object) -> str:
    """Return the name of a type in ASCII; `Page[User]` is `PageUser`."""
    origin = get_origin(cls) or cls
    own = camel(cast("str", getattr(origin, "__name__", "") or str(origin)))
    return (own if _IDENTIFIER.fullmatch(own) else f"Type{own}") + "".join(
        type_name(arg) for arg in get_args(cls)
    )


def field_name(key: str, number: int) -> str:
    """Return a field's name: its key, when protobuf and its messages in Python can have that."""
    fits = _IDENTIFIER.fullmatch(key) and key not in _METHODS
    return key if fits else f"field_{number}"


def check_json_names(cls: object, keys: Iterable[str]) -> None:
    """Check that no two fields are one in protobuf's JSON, where `a_b` is `aB`.

    Raises:
        DefinitionError: two are.
    """
    seen: dict[str, str] = {}
    for key in keys:
        usual = re.sub(r"_+(.?)", lambda match: match[1].upper(), key)
        if (other := seen.setdefault(usual, key)) != key:
            text = f"{type_name(cls)}: {other!r} and {key!r} are both {usual!r} in protobuf's JSON"
            raise DefinitionError(f"{text}; rename one of them")


def tags_of(cls: object) -> Mapping[str, int]:
    """Return the numbers that a type pins, by the names of its fields."""
    try:
        hints = get_type_hints(get_origin(cls) or cls, include_extras=True)
    except (NameError, TypeError):  # hints that cannot be read pin nothing
        return {}
    found = {name: _pinned(hint) for name, hint in hints.items()}
    return {name: number for name, number in found.items() if number is not None}


def _pinned(hint: object) -> int | None:
    if get_origin(hint) in {Required, NotRequired}:
        return _pinned(get_args(hint)[0])
    if get_origin(hint) is not Annotated:
        return None
    numbers = map(number_of, get_args(hint)[1:])
    return next((number for number in numbers if number is not None), None)


def numbers(cls: object, fields: list[str]) -> list[int]:
    """Return the number of each field: the one that it pins, or its position.

    Raises:
        DefinitionError: a number is used twice, or is none of protobuf's.
    """
    tags = tags_of(cls)
    owners: dict[int, str] = {}
    for position, name in enumerate(fields, 1):
        number = tags.get(name, position)
        where = f"{type_name(cls)}.{name}"
        if not 0 < number <= _LAST_NUMBER or number in _PROTOBUFS_OWN:
            raise DefinitionError(f"{where}: protobuf has no field number {number}")
        if (other := owners.setdefault(number, name)) != name:
            text = f"{where}: {other!r} has the number {number}, too; give it another Tag"
            raise DefinitionError(text)
    return list(owners)
