"""A value that many follow, of which only the newest matters."""

import asyncio
from collections.abc import AsyncIterator, Generator
from contextlib import contextmanager
from typing import Generic, TypeVar

from kitfox.core import ResourceExhausted

T = TypeVar("T")


class Latest(Generic[T]):
    """A value and its followers: each sees the newest at once, then again after each `set`.

    Nothing is queued. A follower that is slow misses what came between, and holds one value,
    however many there were.
    """

    def __init__(self, value: T) -> None:
        self.value = value
        self.version = 1
        self._changed = asyncio.Event()

    def set(self, value: T) -> None:
        """Replace the value and wake all followers."""
        self.value = value
        self.version += 1
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    async def changed(self) -> None:
        """Wait for the next change."""
        await self._changed.wait()

    def __aiter__(self) -> AsyncIterator[T]:
        return _Follower(self)


class _Follower(Generic[T]):
    """Cancelling `__anext__` loses nothing: what was seen is noted only when it is returned."""

    def __init__(self, latest: Latest[T]) -> None:
        self._latest = latest
        self._seen = 0

    def __aiter__(self) -> AsyncIterator[T]:
        return self

    async def __anext__(self) -> T:
        while self._seen == self._latest.version:
            await self._latest.changed()
        self._seen = self._latest.version
        return self._latest.value


class Watchers(Generic[T]):
    """The followers of many named values. A name costs memory only while it is followed."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._latest: dict[str, Latest[T]] = {}
        self._followers: dict[str, int] = {}
        self._count = 0

    @contextmanager
    def join(self, name: str, value: T) -> Generator[Latest[T]]:
        """Follow the name for as long as the context is open; `value` is what it is now.

        Raises ResourceExhausted if too many follow already.
        """
        if self._count >= self._limit:
            raise ResourceExhausted(f"{self._count} watchers, the limit")
        latest = self._latest.setdefault(name, Latest(value))
        self._add(name, 1)
        try:
            yield latest
        finally:
            self._add(name, -1)

    def set(self, name: str, value: T) -> None:
        """Tell the followers of the name, if there are any."""
        if latest := self._latest.get(name):
            latest.set(value)

    def repeat(self) -> None:
        """Tell all followers what they know already: a sign of life."""
        for latest in self._latest.values():
            latest.set(latest.value)

    def __contains__(self, name: str) -> bool:
        return name in self._latest

    def __len__(self) -> int:
        return self._count

    def _add(self, name: str, change: int) -> None:
        self._count += change
        self._followers[name] = self._followers.get(name, 0) + change
        if not self._followers[name]:
            del self._followers[name], self._latest[name]
