"""Serving until a signal."""

import asyncio
import logging
import os
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from kitfox.app import Telling, stop_signals
from kitfox.net import Heartbeat

_INTERRUPTED = 130  # what shells say of one that SIGINT has ended

_log = logging.getLogger("kitfox.run")

Running = AbstractAsyncContextManager[tuple[str, ...]]


async def serve(
    services: Running,
    telling: Telling,
    heartbeat: Heartbeat,
    started: Callable[[], None] = lambda: None,
) -> None:
    """Serve until a signal; a second one ends the process at once. SIGHUP asks to reload.

    `started` is called when they serve, before anybody is told.
    """
    stopped = asyncio.Event()

    def stop() -> None:
        if stopped.is_set():
            os._exit(_INTERRUPTED)
        stopped.set()

    with heartbeat, stop_signals(stop, telling.reload):
        async with services as addresses:
            started()
            _log.info("ready at %s", " ".join(addresses))
            telling.ready(addresses)
            await stopped.wait()
            telling.stopping()
            _log.info("stopping")
