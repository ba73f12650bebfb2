"""Calling a method whose code is not here."""

import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext

from kitfox.cli._arguments import Request, request, requests
from kitfox.cli._bytes import with_bytes
from kitfox.cli._json_schema import Schema
from kitfox.cli._lines import lines
from kitfox.cli._look import Found, look
from kitfox.cli._options import Where
from kitfox.cli._output import print_json, print_json_line, print_text
from kitfox.cli._remote import RemoteMethod
from kitfox.cli._untyped import untyped
from kitfox.core import Call, Kind, Method
from kitfox.scope import current_deadline, fail_after

_STDIN = 0


async def call_and_print(
    name: str, arguments: Sequence[str], data: str | None, where: Where, *, as_json: bool
) -> None:
    """Find a method, make its request of words, and print what it replies.

    A stream may take all the time there is, unless a limit is named.
    """
    async with fail_after(where.seconds):
        found = await look(name, where)
    remote = found.one_method
    url = found.address_for(remote.kind)
    made = _carried(url, found, _given(found, arguments, data))
    async with _limit(remote.kind, where):
        await _call(url, remote, made, as_json=as_json)


def _limit(kind: Kind, where: Where) -> AbstractAsyncContextManager[object]:
    endless = kind is not Kind.UNARY and where.timeout is None
    return nullcontext() if endless else fail_after(where.seconds)


def _given(
    found: Found, arguments: Sequence[str], data: str | None
) -> Request | AsyncIterator[Request]:
    """Return what to send: one request of the words, or a stream of it, or of lines."""
    remote, types = found.one_method, found.description.types
    streams = remote.kind.streams_requests
    if streams and not arguments and data in {None, "-"}:
        return requests(remote, lines(_STDIN), types)
    text = sys.stdin.read() if data == "-" else data
    one = request(remote, arguments, text, types)
    return _alone(one) if streams else one


def _carried(
    url: str, found: Found, made: Request | AsyncIterator[Request]
) -> object | AsyncIterator[object]:
    """Return what the wire of a URL carries: all but two have bytes that are no base64."""
    if url.startswith(("http", "grpc")):
        return made
    types, schema = found.description.types, Schema(properties=dict(found.one_method.fields))
    if isinstance(made, dict):
        return with_bytes(made, schema, types)
    return (with_bytes(item, schema, types) async for item in made)


async def _alone(one: Request) -> AsyncIterator[Request]:
    yield one


async def _call(url: str, remote: RemoteMethod, made: object, *, as_json: bool) -> None:
    method = _method(remote)

    async def print_item(item: object) -> None:
        _print(remote.value_of(item), print_json_line, as_json=as_json)

    call = Call(method, deadline=current_deadline(), send=print_item)
    async with untyped(url) as connection:
        reply = await connection.endpoint(method)(call, made)
    if not method.kind.streams_replies:
        _print(remote.value_of(reply), print_json, as_json=as_json)


def _print(value: object, print_as_json: Callable[[object], None], *, as_json: bool) -> None:
    """Print what a call gave; for people a text is printed as it is, and nothing as nothing."""
    if as_json or not (value is None or isinstance(value, str)):
        print_as_json(value)
    elif value is not None:
        print_text(value)


def _method(remote: RemoteMethod) -> Method:
    """Make the method as far as a caller needs it: any object goes out, anything comes back."""
    return Method(
        service=remote.service,
        name=remote.name,
        kind=remote.kind,
        request=dict,
        reply=object,
        idempotent=remote.idempotent,
    )
