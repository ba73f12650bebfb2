"""One link at a time to a peer, dialled when a call needs it.

States: idle → dialling (all callers wait for the same attempt) → up → idle, when the link takes no
more calls. A caller that gives up waiting does not end the attempt: the next one will want it.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import Context

from kitfox.codecs import Codec, reply_decoder
from kitfox.core import Call, Endpoint, Method, Unreachable
from kitfox.multiplex._caller_end import CallerEnd
from kitfox.scope import fail_after

Dial = Callable[[], Awaitable[CallerEnd]]


class Dialled:
    """Makes calls over the link that stands, or over the next one.

    `dial` makes a link, and raises OSError when nobody can be reached; it may take `patience`
    seconds. `where` names the peer in errors.
    """

    def __init__(self, dial: Dial, codec: Codec, *, where: str, patience: float = 5.0) -> None:
        self._dial = dial
        self._codec = codec
        self._where = where
        self._patience = patience
        self._up: CallerEnd | None = None
        self._dialling: asyncio.Task[CallerEnd] | None = None
        self._closed = False

    def endpoint(self, method: Method) -> Endpoint:
        """Return what makes calls of `method`."""
        encode, decode = self._codec.encode, reply_decoder(self._codec, method.reply)

        def call_over(call: Call, message: object) -> Awaitable[object]:
            if (end := self._up) is not None and end.open:
                return end.call(call, message, encode, decode)
            return dial_and_call(call, message)

        async def dial_and_call(call: Call, message: object) -> object:
            end = await self._connected()
            return await end.call(call, message, encode, decode)

        return call_over

    async def aclose(self) -> None:
        """Close the link; calls that are not over end as if it were lost."""
        self._closed = True
        if self._dialling is not None:
            self._dialling.cancel()
            await asyncio.wait([self._dialling])
        if self._up is not None:
            await self._up.aclose()

    async def _connected(self) -> CallerEnd:
        if self._closed:
            raise Unreachable(f"the connection to {self._where} is closed")
        if self._dialling is None:
            # In a context of its own: the deadline of whoever came first is not the others'.
            self._dialling = asyncio.create_task(self._attempt(), context=Context())
        return await asyncio.shield(self._dialling)

    async def _attempt(self) -> CallerEnd:
        try:
            async with fail_after(self._patience):
                self._up = await self._dial()
        except TimeoutError:
            raise Unreachable(f"{self._where} did not answer within {self._patience:g} s") from None
        except OSError as error:
            raise Unreachable(f"{self._where} cannot be reached: {error}") from error
        finally:
            self._dialling = None
        return self._up
