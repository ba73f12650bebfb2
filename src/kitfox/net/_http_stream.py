"""Replies and request bodies that do not fit into memory, or never end."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Self

from kitfox.net._errors import HTTPError, ReplyTooLarge
from kitfox.net._http_connection import HTTPConnection
from kitfox.net._http_reply import first_value
from kitfox.net._http_request import chunk


class HTTPReplyStream:
    """A reply whose body is read piece by piece; a slow reader slows its sender.

    Iterating yields pieces as they came, never empty ones, and raises HTTPError when the body ends
    before it is whole.
    """

    def __init__(
        self,
        status: int,
        headers: list[tuple[bytes, bytes]],
        connection: HTTPConnection,
        *,
        body_bytes: int,
    ) -> None:
        self.status = status
        self.headers = headers
        self._connection = connection
        self._body_bytes = body_bytes

    def header(self, name: str) -> str | None:
        """Return the first value of a header, in whatever case, or None."""
        return first_value(self.headers, name)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        if piece := await self._connection.read():
            return piece
        raise StopAsyncIteration

    async def read(self) -> bytes:
        """Return all that is left of the body; raises ReplyTooLarge over the client's limit."""
        body = bytearray()
        async for piece in self:
            body += piece
            if len(body) > self._body_bytes:
                raise ReplyTooLarge("the body is over its limit")
        return bytes(body)


@asynccontextmanager
async def uploading(
    connection: HTTPConnection, body: AsyncIterator[bytes] | None
) -> AsyncGenerator[None]:
    """Send `body` in chunks while the block runs, so that both directions flow at once."""
    if body is None:
        yield
        return
    connection.uploading = True
    task = asyncio.create_task(_upload(connection, body))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})


async def _upload(connection: HTTPConnection, body: AsyncIterator[bytes]) -> None:
    try:
        async for piece in body:
            if piece:
                await connection.write(chunk(piece))
        await connection.write(chunk(b""))
        connection.uploading = False
    except asyncio.CancelledError:
        connection.abort()  # what was sent is half a request
        raise
    except HTTPError:
        pass  # who reads the reply learns of it from the connection
    except Exception as error:  # noqa: BLE001 - the iterator's own: raised where the reply is awaited
        connection.fail(error)
    finally:
        if isinstance(body, AsyncGenerator):
            await body.aclose()
