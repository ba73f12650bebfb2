"""The thread that answers probes, with a loop of its own."""

import asyncio
import logging
import socket
import threading
from collections.abc import Callable
from contextlib import closing
from typing import Final

from kitfox.health._probe_pages import ProbePages
from kitfox.health._visitors import Visitors
from kitfox.scope import move_on_after

_log = logging.getLogger("kitfox.health")

_TRY_AGAIN: Final = 0.25  # seconds

TryToBind = Callable[[], socket.socket | None]
"""Opens what listens; gives None while another process does."""


class ProbeThread:
    """Answers at `listening`; without one, as soon as `bind` gives one."""

    def __init__(self, pages: ProbePages, listening: socket.socket | None, bind: TryToBind) -> None:
        self._pages = pages
        self._listening = listening
        self._bind = bind
        self._loop = asyncio.new_event_loop()
        self._end = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="kitfox-probes", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    async def aclose(self) -> None:
        """End, and wait for that; the loop that the probes tell of goes on meanwhile."""
        self._loop.call_soon_threadsafe(self._end.set)
        await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        try:
            if (listening := await self._port()) is None:
                return
            with closing(listening):
                visitors = Visitors(listening, self._pages.answer)
                await self._end.wait()
                await visitors.aclose()
        except OSError:
            _log.exception("there are no probes")
        finally:
            self._pages.close()

    async def _port(self) -> socket.socket | None:
        """Return what listens; None if the end comes first."""
        while self._listening is None and not self._end.is_set():
            async with move_on_after(_TRY_AGAIN):
                await self._end.wait()
            self._listening = self._bind()
        return self._listening
