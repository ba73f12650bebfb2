"""The lines of a file, waited for without blocking the loop."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import suppress
from threading import Thread

_CHUNK = 64 * 1024


async def lines(descriptor: int) -> AsyncIterator[bytes]:
    """Yield the lines of an open file as they come, without their ends; raises OSError."""
    rest = b""
    while chunk := await _read(descriptor):
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            yield line
    if rest:
        yield rest


async def _read(descriptor: int) -> bytes:
    """Read what there is, or wait for it in a thread: no loop can wait for a plain file.

    The thread may be left behind, as on Ctrl-C. So it is a daemon, and it holds no lock: one that
    waited inside `sys.stdin` would abort the interpreter when that closes it.
    """
    loop = asyncio.get_running_loop()
    read: asyncio.Future[bytes | OSError] = loop.create_future()

    def tell(result: bytes | OSError) -> None:
        if not read.done():
            read.set_result(result)

    def wait() -> None:
        result: bytes | OSError
        try:
            result = os.read(descriptor, _CHUNK)
        except OSError as error:
            result = error
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(tell, result)

    Thread(target=wait, name="kitfox-lines", daemon=True).start()
    if isinstance(result := await read, OSError):
        raise result
    return result
