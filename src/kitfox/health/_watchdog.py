"""A thread that watches the event loop: says what blocks it, and when it counts as dead.

A loop that is blocked answers nobody, and cannot say so itself. Code that holds Python's lock, as
some extensions do, stops the watchdog too: such time counts no further than two of its turns.
"""

import asyncio
import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from types import FrameType
from typing import Final, Self

from kitfox.health._clock import now
from kitfox.health._loop_watch import LoopWatch, News
from kitfox.health._stacks import frame_of, in_debugger, name_of, stack

_log = logging.getLogger("kitfox.health")

_LOOKS: Final = 4  # within `dump_after`: so much later, at most, a blockage is told
_GRACE: Final = 1.0  # seconds for what is being logged at the end


class Watchdog:
    """Watches the loop that it is entered in, until it is left.

    After `dump_after` seconds of silence it logs where the loop stands, and which task it runs;
    when that is over, how long it was. After `dead_after` seconds `why_dead` gives the reason.
    `limits` are the two.

    Raises:
        ValueError: `dump_after` is not above 0, or `dead_after` comes before it.
    """

    def __init__(self, *, dump_after: float = 1.0, dead_after: float = 10.0) -> None:
        self.limits = dump_after, dead_after
        self._every = min(dump_after / _LOOKS, 0.25)
        self._watch = self._new_watch()
        self._thread: threading.Thread | None = None
        self._end = threading.Event()
        self._sign = True
        self._telling: threading.Thread | None = None

    async def __aenter__(self) -> Self:
        """Begin to watch."""
        if self._thread is not None:
            raise RuntimeError("this watchdog watches already")
        self._end.clear()
        self._watch, self._sign = self._new_watch(), True
        watch = partial(self._run, asyncio.get_running_loop(), threading.get_ident())
        self._thread = threading.Thread(target=watch, name="kitfox-watchdog", daemon=True)
        self._thread.start()
        return self

    async def __aexit__(self, *exc: object) -> None:
        """Watch no more."""
        thread, self._thread = self._thread, None
        self._end.set()
        if thread is not None:
            thread.join()  # at once: all that takes long is told by others
        if self._telling is not None:
            await asyncio.to_thread(self._telling.join, _GRACE)

    @property
    def why_dead(self) -> str | None:
        """Why the process had better be replaced; None while it had not."""
        if self._thread is None or not self._watch.dead:
            return None
        return f"the event loop has been blocked for {self._watch.blocked:.1f} s"

    def _new_watch(self) -> LoopWatch:
        dump_after, dead_after = self.limits
        return LoopWatch(dump_after=dump_after, dead_after=dead_after, every=self._every)

    def _run(self, loop: asyncio.AbstractEventLoop, thread: int) -> None:
        while not (self._end.is_set() or loop.is_closed()):
            self._look(loop, thread)
            self._end.wait(self._every)

    def _look(self, loop: asyncio.AbstractEventLoop, thread: int) -> None:
        sign = self._sign
        paused = not sign and in_debugger(frame_of(thread))
        if news := self._watch.look(now(), sign=sign or paused):
            self._tell(_in_words(news, loop, frame_of(thread)))
        if sign:
            self._sign = False
            with suppress(RuntimeError):  # the loop was closed, and nobody left the block
                loop.call_soon_threadsafe(self._give_sign)

    def _give_sign(self) -> None:
        self._sign = True

    def _tell(self, log: Callable[[], None]) -> None:
        """Log in a thread of its own: what blocks the loop may be the log."""
        teller = threading.Thread(
            target=_after, args=(self._telling, log), name="kitfox-watchdog-log", daemon=True
        )
        with suppress(RuntimeError):  # no thread can be had: then it is not told, and watched on
            teller.start()
            self._telling = teller


def _after(before: threading.Thread | None, log: Callable[[], None]) -> None:
    if before is not None:
        before.join()
    log()


def _in_words(
    news: News, loop: asyncio.AbstractEventLoop, frame: FrameType | None
) -> Callable[[], None]:
    """Return what logs the news, with all that is to be seen now."""
    if news.over:
        return partial(
            _log.warning, "the event loop runs again; it was blocked for %.1f s", news.seconds
        )
    task = asyncio.current_task(loop)
    return partial(
        _log.error,
        "the event loop has been blocked for %.1f s by %s, at\n%s",
        news.seconds,
        "no task" if task is None else name_of(task),
        "no frame" if frame is None else stack(frame).rstrip(),
    )
