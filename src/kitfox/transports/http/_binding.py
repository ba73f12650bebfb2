"""How a method is bound to HTTP: which verb and path, and where each field of the request stands.

Without a word from the user a method is `POST /package.Service/Method` with its request as the
body; an idempotent one also answers GET there, with its request in the query.
"""

import re
from collections.abc import Callable, Mapping
from typing import cast, get_type_hints
from urllib.parse import parse_qs

import msgspec

from kitfox.codecs import JSON, invalid, request_decoder
from kitfox.core import DefinitionError, InvalidArgument, Method
from kitfox.net import template_names
from kitfox.schema import Operation

# What a request is made of: its body, the texts that stand in its path by name, and its query.
Raw = tuple[bytes, Mapping[str, str], bytes]
Read = Callable[[Raw], object]

_ROUTE = re.compile(r"(GET|POST|PUT|PATCH|DELETE) (/\S*)")
_WITHOUT_BODY = frozenset({"GET", "DELETE"})


def default_operation(method: Method) -> Operation:
    """Return the binding that every method has."""
    return Operation(method, "POST", method.path, path_fields=(), query_fields=(), body=True)


def operation_of(method: Method, route: str) -> Operation:
    """Return the binding of `method` to a route such as `GET /users/{id}`.

    Fields named in the path stand there; the others in the body, or in the query of a verb that
    has no body.

    Raises:
        DefinitionError: the route is malformed, names no field, or GETs what is not idempotent.
    """
    where = f"route {route!r} of {method.path}"
    if (match := _ROUTE.fullmatch(route)) is None:
        msg = f"{where}: expected a verb and a path, as in 'GET /users/{{id}}'"
        raise DefinitionError(msg)
    verb, template = match.groups()
    if verb == "GET" and not method.idempotent:
        msg = f"{where}: GET is for methods marked @rpc(idempotent=True)"
        raise DefinitionError(msg)
    fields = tuple(_hints(method.request))
    path_fields = _path_fields(template, where)
    if unknown := set(path_fields) - set(fields):
        known = ", ".join(fields) or "none"
        msg = f"{where}: the request has no field {min(unknown)!r}; it has {known}"
        raise DefinitionError(msg)
    rest = tuple(field for field in fields if field not in path_fields)
    body = verb not in _WITHOUT_BODY and bool(rest)
    return Operation(method, verb, template, path_fields, () if body else rest, body=body)


def _path_fields(template: str, where: str) -> tuple[str, ...]:
    try:
        names = template_names(template)
    except ValueError as error:
        msg = f"{where}: {error}"
        raise DefinitionError(msg) from None
    if len(set(names)) < len(names):
        msg = f"{where}: a field can stand in the path once"
        raise DefinitionError(msg)
    return names


def query_operation(method: Method) -> Operation:
    """Return the binding of an idempotent method to GET on its own path."""
    return operation_of(method, f"GET {method.path}")


def reader_of(operation: Operation) -> Read:
    """Return what makes a request out of a body, the path's names and the query.

    It raises InvalidArgument with the name of the field at fault.
    """
    decode = request_decoder(JSON(), operation.method.request)
    if operation.body and not operation.path_fields:
        return lambda raw: decode(raw[0] or b"{}")
    if operation.body:
        return _mixed_reader(operation)
    return _text_reader(operation)


def _text_reader(operation: Operation) -> Read:
    """Read fields that all stand in path and query, as text."""
    lists = _list_fields(operation.method.request)
    encode = msgspec.json.Encoder().encode
    # A JSON document of texts, read leniently: half the price of msgspec.convert.
    decode = request_decoder(JSON(strict=False), operation.method.request)

    def read(raw: Raw) -> object:
        _, names, query = raw
        return decode(encode({**_query(query, lists), **names} if query else names))

    return read


def _mixed_reader(operation: Operation) -> Read:
    """Read some fields from the path, where all is text, and the others from a JSON body."""
    request = operation.method.request
    encode = msgspec.json.Encoder().encode
    hints = _hints(request)
    # One document of the body's fields as they came and the path's as JSON would have them.
    split = request_decoder(JSON(), dict[str, msgspec.Raw])
    decode = request_decoder(JSON(), request)

    def read(raw: Raw) -> object:
        body, names, _ = raw
        fields = cast("dict[str, object]", split(body or b"{}"))
        for name, text in names.items():
            fields[name] = _convert(text, hints[name], name)
        return decode(encode(fields))

    return read


def _hints(request: type) -> dict[str, object]:
    """Return the hints of a request's fields, by the names that these have in JSON."""
    hints = get_type_hints(request, include_extras=True)
    return {field.encode_name: hints[field.name] for field in _fields(request)}


def _convert(text: str, to: object, where: str) -> object:
    try:
        return msgspec.convert(text, to, strict=False)
    except msgspec.ValidationError as error:
        raise invalid(error, where) from None


def _query(query: bytes, lists: frozenset[str]) -> dict[str, object]:
    try:
        texts = parse_qs(
            query.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=1000
        )
    except ValueError as error:
        text = f"the query cannot be read: {error}"
        raise InvalidArgument(text) from None
    return {name: values if name in lists else values[-1] for name, values in texts.items()}


def _list_fields(request: type) -> frozenset[str]:
    return frozenset(field.encode_name for field in _fields(request) if _is_list(field.type))


def _fields(request: type) -> tuple[msgspec.inspect.Field, ...]:
    return getattr(msgspec.inspect.type_info(request), "fields", ())


def _is_list(info: object) -> bool:
    many = (
        msgspec.inspect.ListType
        | msgspec.inspect.SetType
        | msgspec.inspect.FrozenSetType
        | msgspec.inspect.VarTupleType
        | msgspec.inspect.TupleType
    )
    if isinstance(info, msgspec.inspect.UnionType):
        return any(_is_list(part) for part in info.types)
    return isinstance(info, many)
