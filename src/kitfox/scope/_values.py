"""What a scope carries for those who run in it: values under typed keys, the nearest first."""

from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")


class Key(Generic[T]):
    """What a value of one type is found under: `USER = Key[str]("user")`.

    A key is itself and nothing else; two of one name are two. The name is for people.
    """

    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        """Return the key with its name."""
        return f"<Key {self._name}>"


class Values(NamedTuple):
    """One value, and those behind it."""

    key: object
    value: object
    behind: "Values | None"


def find(values: Values | None, key: object) -> Values | None:
    """Return the nearest value under `key`, with what is behind it."""
    while values is not None and values.key is not key:
        values = values.behind
    return values
