"""The server's side of a method: from a handler function to an endpoint, and what guards it."""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from typing import Any, cast

from kitfox.core._call import Call
from kitfox.core._endpoint import Endpoint
from kitfox.core._messages import Wrap, same
from kitfox.core._method import Method
from kitfox.core._signature import Args, Function, Signature
from kitfox.core._status import Cancelled, Internal, RPCError
from kitfox.core._stub import mapped, within_deadline
from kitfox.scope import enter_block

Unpack = Callable[[object], Args]

_log = logging.getLogger("kitfox.server")


def handler_endpoint(function: Function, method: Method, sig: Signature) -> Endpoint:
    """Return the endpoint that runs `function`, a bound method of a service."""
    unpack = _unpack_stream(sig) if method.kind.streams_requests else sig.unpack
    make = _streaming if method.kind.streams_replies else _single
    return make(function, unpack, sig.reply.wrap)


def _unpack_stream(sig: Signature) -> Unpack:
    return lambda items: (mapped(items, sig.request.unwrap),)


def _single(function: Function, unpack: Unpack, wrap: Wrap) -> Endpoint:
    run = cast("Callable[..., Awaitable[object]]", function)

    async def unary(_: Call, message: object) -> object:
        return wrap(await run(*unpack(message)))

    return unary


def _streaming(function: Function, unpack: Unpack, wrap: Wrap) -> Endpoint:
    run = cast("Callable[..., AsyncIterator[object]]", function)

    async def stream(call: Call, message: object) -> None:
        items = run(*unpack(message))
        try:
            async for item in items:
                await call.send(wrap(item))
        finally:
            if isinstance(items, AsyncGenerator):  # another call's replies, too
                await items.aclose()

    return stream


def serving(
    endpoint: Endpoint, *, decode: Callable[[Any], object] = same, encode: Wrap = same
) -> Endpoint:
    """Wrap an endpoint as every server does, whatever its wire.

    The request is read by `decode` and the reply written by `encode`. While the endpoint runs, the
    call is the current one, its scope the current scope, and its deadline enforced. Nothing but an
    RPCError (or the cancellation of the running task) leaves it: an unknown exception is logged
    whole and leaves as INTERNAL, since its text may tell a stranger too much.
    """

    async def serve(call: Call, message: object) -> object:
        # In line, for every call passes here: the call is the block that its handler stands in.
        call.loop = asyncio.get_running_loop()
        enter_block(call)
        try:
            return encode(await within_deadline(endpoint, call, decode(message)))
        except RPCError:
            raise
        except asyncio.CancelledError:
            if _cancelled_from_outside():
                raise
            text = "the handler was cancelled"
            raise Cancelled(text) from None
        except Exception:  # noqa: BLE001 - see the docstring
            _log.exception("%s failed", call.method.path)
            text = "internal error"
            raise Internal(text) from None
        finally:
            call.over = True
            if call.made is not None:
                call.made.cancel()

    return serve


def _cancelled_from_outside() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
