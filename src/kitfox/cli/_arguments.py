"""From the words of a command line to a request: `k=v` has the type that the method asks for."""

import json
from collections.abc import Iterable

import msgspec

from kitfox.app import did_you_mean
from kitfox.cli._exit import Exit, Failed
from kitfox.cli._json_schema import Schema, Types, kind_of, kinds, words
from kitfox.cli._remote import RemoteMethod


def request(
    method: RemoteMethod, pairs: Iterable[str], data: str | None, types: Types
) -> dict[str, object]:
    """Return the request: the object in `data`, with each `k=v` laid over it.

    Raises Failed (used wrongly) for what the method cannot take.
    """
    made = _object(data) if data else {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals:
            raise _wrong(f'expected name=value, got "{pair}"')
        made[name] = _value(name, text, _field(method, name), types)
    if missing := [name for name in method.required if name not in made]:
        wanted = ", ".join(f"{name} ({words(method.fields[name])})" for name in missing)
        raise _wrong(f"{method.full_name} needs {wanted}")
    return made


def _object(data: str) -> dict[str, object]:
    try:
        return msgspec.json.decode(data, type=dict[str, object])
    except msgspec.ValidationError:
        raise _wrong(f"--data: expected an object, got {data}") from None
    except msgspec.DecodeError as error:
        raise _wrong(f"--data: {error}") from None


def _field(method: RemoteMethod, name: str) -> Schema:
    if name not in method.fields:
        hint = did_you_mean(name, method.fields)
        raise _wrong(f'{method.full_name} has no field "{name}"{hint}')
    return method.fields[name]


def _value(name: str, text: str, schema: Schema, types: Types) -> object:
    """Read text as the type wants it: text stays text unless only something else will do."""
    wanted = kinds(schema, types)
    try:
        value: object = json.loads(text)
    except ValueError:
        value = text
    if kind_of(value) in _with_subtypes(wanted - {"string"}) or not wanted:
        return value
    if "string" in wanted:
        return text
    raise _wrong(f'{name}: expected {words(schema)}, got "{text}"')


def _with_subtypes(kinds_: frozenset[str]) -> frozenset[str]:
    return kinds_ | {"integer"} if "number" in kinds_ else kinds_


def _wrong(message: str) -> Failed:
    return Failed(message, Exit.USAGE)
