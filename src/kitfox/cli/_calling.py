"""Calling a method whose code is not here."""

from collections.abc import Callable, Sequence

from kitfox.cli._arguments import request
from kitfox.cli._ask import connected
from kitfox.cli._look import look
from kitfox.cli._options import Where
from kitfox.cli._output import print_json, print_json_line, print_text
from kitfox.cli._remote import RemoteMethod
from kitfox.core import Call, Kind, Method, Unimplemented
from kitfox.scope import current_deadline


async def call_and_print(
    name: str, arguments: Sequence[str], data: str | None, where: Where, *, as_json: bool
) -> None:
    """Find a method, make its request of words, and print what it replies."""
    found = await look(name, where)
    remote = found.one_method
    made = request(remote, arguments, data, found.description.types)
    method = _method(remote)
    if method.kind.streams_requests:
        raise Unimplemented(
            f"{remote.full_name} takes a stream of requests; this command sends one"
        )

    async def print_item(item: object) -> None:
        _print(remote.value_of(item), print_json_line, as_json=as_json)

    call = Call(method, deadline=current_deadline(), send=print_item)
    async with connected(found.address) as connection:
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
        kind=Kind(remote.kind),
        request=dict,
        reply=object,
        idempotent=remote.idempotent,
    )
