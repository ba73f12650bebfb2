"""One watched service: one subscription at the registry, shared by all who watch it here.

States, and who moves between them
- *unknown*: nothing is published. The first snapshot leads to fresh; the first failure, or
  `PATIENCE` without an answer, publishes what the disk remembers (or nobody) and leads to stale.
- *fresh*: a subscription vouches for the set. Its failure, or `silence` without a sign of life,
  leads to stale.
- *stale*: the last-known set stays published, for ever if need be; a subscription is tried again
  and again, and its first snapshot leads to fresh. What that snapshot misses stays published for
  `DOUBT` more: everybody registers again with a registry that lost its state within that time.
"""

import asyncio
import logging
import math
from collections.abc import AsyncIterator, Callable

import msgspec

from kitfox.core import RPCError, Unavailable
from kitfox.registry._cache import CachedSet, DiskCache
from kitfox.registry._contract import Registry
from kitfox.registry._instance import Instance, Snapshot
from kitfox.registry._keeper import LONGEST_PAUSE, TIMEOUT, Draw, close, pause
from kitfox.registry._latest import Latest
from kitfox.registry._view import View
from kitfox.scope import fail_after

PATIENCE = 1.0
DOUBT = LONGEST_PAUSE + TIMEOUT
SILENCE = 25.0  # two of a registry's signs of life, and some

_log = logging.getLogger("kitfox.registry")

Clock = Callable[[], float]


class Freshness(msgspec.Struct, frozen=True):
    """Whether a registry vouches for a set at present, and since when (Unix time, seconds)."""

    fresh: bool
    since: float


class Feed:
    """The newest set of one service's instances; None until something is known.

    `wall` gives Unix time; `draw` gives numbers from 0 to 1; `silence` is in seconds.
    """

    def __init__(
        self,
        service: str,
        registry: Registry,
        cache: DiskCache | None,
        *,
        silence: float,
        wall: Clock,
        draw: Draw,
    ) -> None:
        self.service = service
        self.latest = Latest[frozenset[Instance] | None](None)
        self.freshness = Freshness(fresh=False, since=wall())
        self._registry = registry
        self._cache = cache
        self._silence = silence
        self._wall = wall
        self._draw = draw
        self._view = View()
        self._away_since: float | None = None  # infinite once it was said

    async def run(self) -> None:
        """Follow the registry until cancelled."""
        while True:
            try:
                await self._subscribe()
            except (RPCError, OSError, TimeoutError) as error:
                await self._lost(error)
            await asyncio.sleep(pause(self._draw()))

    async def _subscribe(self) -> None:
        """Take snapshots until the subscription fails, which raises."""
        self._view.subscribed()
        stream = self._registry.watch(self.service)
        settling: asyncio.TimerHandle | None = None
        try:
            await self._take(await _next(stream, PATIENCE))
            settling = asyncio.get_running_loop().call_later(DOUBT, self._settle)
            while True:
                await self._take(await _next(stream, self._silence))
        finally:
            if settling is not None:
                settling.cancel()
            await close(stream)

    async def _take(self, snapshot: Snapshot) -> None:
        changed = self._view.apply(snapshot)
        if not self.freshness.fresh:
            self.freshness = Freshness(fresh=True, since=self._wall())
            self._away_since = None
        if changed or self.latest.value is None:
            self.latest.set(self._view.instances)
            await self._save()

    def _settle(self) -> None:
        """Publish what the subscription has told, without what is known from before it."""
        if self._view.settle():
            self.latest.set(self._view.instances)

    async def _lost(self, error: Exception) -> None:
        if self.latest.value is None:
            await self._remember()
        if self.freshness.fresh:
            self.freshness = Freshness(fresh=False, since=self._wall())
        if self._away_since is None:
            self._away_since = self._wall()
        elif self._wall() - self._away_since > DOUBT:  # sooner, it is none of an operator's
            self._away_since = math.inf
            _log.warning("the instances of %s may be stale: %s", self.service, error)

    async def _remember(self) -> None:
        """Publish what the disk knows; nobody, if it knows nothing."""
        cached = await asyncio.to_thread(self._cache.load, self.service) if self._cache else None
        if cached is not None:
            self._view = View(frozenset(cached.instances))
            self.freshness = Freshness(fresh=False, since=cached.saved_at)
        self.latest.set(self._view.instances)

    async def _save(self) -> None:
        if self._cache is None:
            return
        cached = CachedSet(self.service, self._wall(), tuple(self._view.instances))
        try:
            await asyncio.to_thread(self._cache.save, cached)
        except OSError as error:
            _log.warning("the instances of %s cannot be cached: %s", self.service, error)


async def _next(stream: AsyncIterator[Snapshot], seconds: float) -> Snapshot:
    async with fail_after(seconds):
        async for snapshot in stream:
            return snapshot
    raise Unavailable("the registry ended the subscription")
