"""What could have stood where a value is none of those that may: msgspec does not say it."""

from collections.abc import Iterator

from msgspec import inspect


def choices(kind: inspect.Type, path: str) -> str:
    """Say what a key's value may be, below a type: `"random", "weighted" or a table`; or ""."""
    options = [kind]
    for name in filter(None, path.split(".")):
        options = [found for option in options for found in _field(option, name)]
    words = list(dict.fromkeys(word for option in options for word in _words(option)))
    return " or ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


def _field(kind: inspect.Type, name: str) -> Iterator[inspect.Type]:
    match kind:
        case inspect.StructType() | inspect.DataclassType():
            yield from (field.type for field in kind.fields if field.encode_name == name)
        case inspect.UnionType():
            yield from (found for option in kind.types for found in _field(option, name))
        case _:
            return


def _words(kind: inspect.Type) -> Iterator[str]:
    match kind:
        case inspect.UnionType():
            yield from (word for option in kind.types for word in _words(option))
        case inspect.LiteralType():
            yield from (f'"{value}"' if value else "false" for value in kind.values)
        case inspect.StructType() | inspect.DataclassType():
            yield "a table"
        case _:
            return
