"""Registering with, and watching, a registry that speaks `kitfox.v1.Registry`."""

import asyncio
import random
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass

from kitfox.core import Connection, Through
from kitfox.registry._background import Background
from kitfox.registry._bearer import bearer
from kitfox.registry._cache import DiskCache
from kitfox.registry._contract import DEFAULT_TTL, Registry
from kitfox.registry._feed import SILENCE, Clock, Feed, Freshness
from kitfox.registry._instance import Instance
from kitfox.registry._keeper import Draw, Keeper


class HTTPRegistrar:
    """A Registrar that keeps its instances registered, for ever, over any connection.

    A registry that is away delays nobody: `register` returns after one attempt, and the instance
    is registered within about two seconds of the registry's return.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        token: str = "",
        ttl: float = DEFAULT_TTL,
        draw: Draw = random.random,
    ) -> None:
        """Register over `connection`, for leases of `ttl` seconds."""
        self._connection = Through(connection, bearer(token))
        self._ttl = ttl
        self._draw = draw
        self._keepers: dict[tuple[str, str], Keeper] = {}

    async def register(self, instance: Instance) -> None:
        """Register the instance and keep it registered; one already kept is replaced.

        Raises what refuses it for good: InvalidArgument, PermissionDenied, Unauthenticated,
        FailedPrecondition.
        """
        key = (instance.service, instance.id)
        if keeper := self._keepers.get(key):
            await keeper.update(instance)
            return
        keeper = Keeper(self._connection, instance, ttl=self._ttl, draw=self._draw)
        await keeper.start()
        self._keepers[key] = keeper

    async def deregister(self, instance: Instance) -> None:
        """Say that the instance is closing. A registry that is away is not waited for."""
        if keeper := self._keepers.pop((instance.service, instance.id), None):
            await keeper.aclose()

    def registered(self, instance: Instance) -> bool:
        """Whether the registry has confirmed the instance, as far as is known here."""
        keeper = self._keepers.get((instance.service, instance.id))
        return keeper is not None and keeper.registered

    async def aclose(self) -> None:
        """Deregister whatever is still registered."""
        while self._keepers:
            await self._keepers.popitem()[1].aclose()


class HTTPResolver:
    """A Resolver with one subscription for each watched service, over any connection.

    Without the registry it goes on with what it knew last; a new process begins with what `cache`
    remembers. `state` tells how fresh that is. A registry that shows no sign of life for `silence`
    seconds counts as away.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        token: str = "",
        cache: DiskCache | None = None,
        silence: float = SILENCE,
        wall: Clock = time.time,
        draw: Draw = random.random,
    ) -> None:
        self._registry = Registry.client(Through(connection, bearer(token)))
        self._cache = cache
        self._silence = silence
        self._wall = wall
        self._draw = draw
        self._shared: dict[str, _Shared] = {}
        self._background = Background()

    async def watch(self, service: str) -> AsyncGenerator[frozenset[Instance]]:
        """Yield the whole set as soon as it is known, then the newest whole set after each change.

        If the registry is away the last-known set counts as known, or the empty one.
        """
        shared = self._join(service)
        try:
            async for instances in shared.feed.latest:
                if instances is not None:
                    yield instances
        finally:
            self._leave(shared)

    def state(self, service: str) -> Freshness | None:
        """Return whether the watched service's set is fresh; None if nobody watches it."""
        shared = self._shared.get(service)
        return None if shared is None else shared.feed.freshness

    async def aclose(self) -> None:
        """End all subscriptions. Watchers wait on, and learn nothing new."""
        self._shared.clear()
        await self._background.aclose()

    def _join(self, service: str) -> "_Shared":
        shared = self._shared.get(service)
        if shared is None:
            feed = self._feed(service)
            shared = _Shared(feed, self._background.start(feed.run()))
            self._shared[service] = shared
        shared.watchers += 1
        return shared

    def _feed(self, service: str) -> Feed:
        return Feed(
            service,
            self._registry,
            self._cache,
            silence=self._silence,
            wall=self._wall,
            draw=self._draw,
        )

    def _leave(self, shared: "_Shared") -> None:
        shared.watchers -= 1
        if not shared.watchers:
            self._shared.pop(shared.feed.service, None)
            shared.task.cancel()


@dataclass(slots=True)
class _Shared:
    """A feed, what runs it, and how many watch it."""

    feed: Feed
    task: asyncio.Task[None]
    watchers: int = 0
