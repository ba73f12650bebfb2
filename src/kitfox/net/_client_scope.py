"""The scope of one request: its client's leaving is the end of it."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from kitfox.core import Cancelled
from kitfox.net._asgi import ClientGone, Receive
from kitfox.scope import CancelScope, ScopeCancelled, current_scope


@asynccontextmanager
async def client_scope(receive: Receive) -> AsyncGenerator[None]:
    """Run a block in a scope that ends, and cancels it, when the client leaves.

    The request must have been read to its end.

    Raises:
        ClientGone: out of the block, which did not end by itself.
    """
    scope = current_scope().with_cancel()
    asking = asyncio.create_task(_ask(receive, scope))
    try:
        async with scope:
            yield
    except ScopeCancelled as error:
        if error.__cause__ is not scope.cause:  # the block's own affair
            raise
        raise ClientGone from error
    finally:
        asking.cancel()


async def _ask(receive: Receive, scope: CancelScope) -> None:
    if (await receive())["type"] == "http.disconnect":  # nothing else may follow a whole request
        scope.cancel(Cancelled("the client has left"))
