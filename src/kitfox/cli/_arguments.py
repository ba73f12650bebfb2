"""From the words of a command line to requests: `k=v` has the type that the method asks for."""

import json
from collections.abc import AsyncIterator, Iterable

import msgspec

from kitfox.app import did_you_mean
from kitfox.cli._exit import Exit, Failed
from kitfox.cli._json_schema import Schema, Types, kind_of, kinds, words
from kitfox.cli._remote import RemoteMethod

Request = dict[str, object]


def request(method: RemoteMethod, pairs: Iterable[str], data: str | None, types: Types) -> Request:
    """Return the request: the object in `data`, with each `k=v` laid over it.

    Raises Failed (used wrongly) for what the method cannot take.
    """
    made = _object("--data", data) if data else {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals:
            raise _wrong(f'expected name=value, got "{pair}"')
        made[name] = _value(name, text, _field(method, name), types)
    return _whole(method, made)


async def requests(
    method: RemoteMethod, lines: AsyncIterator[bytes], types: Types
) -> AsyncIterator[Request]:
    """Yield a request for each line that is not blank: an object in JSON, or the bare value.

    Raises Failed (used wrongly) for a line that the method cannot take.
    """
    number = 0
    async for line in lines:
        number += 1
        where = f"line {number}"
        if not (text := _text(where, line)):
            continue
        if method.request_wrapped:
            item: Request = {"value": _bare(where, text, method.request, types)}
        else:
            item = _object(where, text)
        yield _whole(method, item, f"{where}: ")


def _bare(where: str, text: str, schema: Schema, types: Types) -> object:
    """Read a value that is alone on its line: a text may stand there as JSON, or as it is."""
    try:
        value: object = json.loads(text)
    except ValueError:
        value = None
    as_json = isinstance(value, str) and "string" in kinds(schema, types)
    return value if as_json else _value(where, text, schema, types)


def _text(where: str, line: bytes) -> str:
    try:
        return line.decode().strip()
    except UnicodeDecodeError:
        raise _wrong(f"{where}: is no UTF-8") from None


def _object(where: str, text: str) -> Request:
    try:
        return msgspec.json.decode(text, type=Request)
    except msgspec.ValidationError:
        raise _wrong(f"{where}: expected an object, got {text}") from None
    except msgspec.DecodeError as error:
        raise _wrong(f"{where}: {error}") from None


def _whole(method: RemoteMethod, made: Request, where: str = "") -> Request:
    """Check that no field is missing that must be there."""
    if missing := [name for name in method.required if name not in made]:
        wanted = ", ".join(f"{name} ({words(method.fields[name])})" for name in missing)
        raise _wrong(f"{where}{method.full_name} needs {wanted}")
    return made


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
