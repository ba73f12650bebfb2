"""The forms in which methods are written down for other tools."""

from collections.abc import Awaitable, Callable, Mapping, Sequence

import msgspec

from kitfox.cli._described import openapi_at
from kitfox.cli._exit import Exit, Failed
from kitfox.cli._source import Source
from kitfox.core import Method
from kitfox.schema import Operation, asyncapi, openapi, proto_of

_VERSION = "0"  # an interface's is in its package, as in acme.v1


async def written(source: Source, form: str) -> str:
    """Return the text of a document; raise Failed when it cannot be made of this source."""
    return await _FORMS[form](source)


async def _json_schema(source: Source) -> str:
    return _indented(source.description)


async def _asyncapi(source: Source) -> str:
    return _indented(asyncapi(source.title, _VERSION, source.description))


async def _openapi(source: Source) -> str:
    """Return the document that a running service has itself, or one of its methods' own paths."""
    for url in source.addresses:
        if url.startswith("http"):
            return _indented(msgspec.Raw(await openapi_at(url)))
    carried = [method for method in _code(source, "openapi") if not method.kind.streams_requests]
    operations = [Operation(method, "POST", method.path) for method in carried]
    return _indented(openapi(source.title, _VERSION, operations))


async def _proto(source: Source) -> str:
    try:
        return proto_of(_code(source, "proto"))
    except (TypeError, ValueError) as error:
        raise Failed(str(error)) from None


def _code(source: Source, form: str) -> Sequence[Method]:
    """Return the methods themselves, whose types say more than a description."""
    if not source.methods and source.description.methods:
        problem = f"--{form} is made of types: name their code, as in module:Service"
        raise Failed(problem, Exit.USAGE)
    return source.methods


def _indented(value: object) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n"


_FORMS: Mapping[str, Callable[[Source], Awaitable[str]]] = {
    "json-schema": _json_schema,
    "openapi": _openapi,
    "asyncapi": _asyncapi,
    "proto": _proto,
}
