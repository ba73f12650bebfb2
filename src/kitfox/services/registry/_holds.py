"""Leases that are held by a connection, and what happens when it breaks.

Rules
1. A broken connection makes an instance suspect, no more: its host may have dropped connections.
2. A suspect is probed at once, and again after each of `LATER_LOOKS`, since a dying process may
   close its connections before its listening socket. If it does not answer it is removed.
3. A newcomer that nobody holds after `FIRST_LOOK` is suspect too: it may have died in between.
4. Whoever answers at its address may be another: a supervisor keeps the socket of a process that
   has crashed for the next one, and replicas share one. So at a later look a suspect is removed,
   too, if an instance that is held has its addresses.
5. An instance that is held again, or whose address the registry must not call, is left to its
   lease.
"""

import asyncio
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from typing import TypeVar

from kitfox.core import RPCError
from kitfox.registry import Background, Instance
from kitfox.services.registry._book import Book
from kitfox.services.registry._gate import Gate
from kitfox.services.registry._probe import listens, target

K = TypeVar("K")

FIRST_LOOK = 0.75
PROBES = 64  # at a time: a broken network makes everybody suspect at once
LATER_LOOKS = (0.25, 0.5, 1.0, 2.0)  # each so long after the one before


class Holds:
    """The held leases of one registry."""

    def __init__(self, book: Book, gate: Gate, background: Background) -> None:
        self._book = book
        self._gate = gate
        self._background = background
        self._held = Counter[tuple[str, str]]()
        self._places = Counter[tuple[str, tuple[str, ...]]]()  # how many are held at an address
        self._probes = asyncio.Semaphore(PROBES)

    @contextmanager
    def hold(self, instance: Instance, *, owner: bytes, peer: str) -> Generator[None]:
        """Hold an instance's lease while the context is open; leaving makes it suspect."""
        key, place = (instance.service, instance.id), _place(instance)
        self._held[key] += 1
        self._places[place] += 1
        try:
            yield
        finally:
            _take_one(self._places, place)
            if not _take_one(self._held, key):
                self._background.start(self._look_after(instance, owner, peer, 0.0))

    def expect(self, instance: Instance, *, owner: bytes, peer: str) -> None:
        """Expect a newcomer to be held soon."""
        if not self._held[instance.service, instance.id]:
            self._background.start(self._look_after(instance, owner, peer, FIRST_LOOK))

    async def _look_after(
        self, instance: Instance, owner: bytes, peer: str, first_look: float
    ) -> None:
        for look, wait in enumerate((first_look, *LATER_LOOKS)):
            await asyncio.sleep(wait)
            if not self._is_suspect(instance, owner):
                return
            replaced = look > 0 and self._places[_place(instance)] > 0 and instance.addresses
            if replaced or not await self._answers(instance, peer):
                self._remove(instance, owner)
                return

    def _is_suspect(self, instance: Instance, owner: bytes) -> bool:
        """Whether the instance is still registered by its owner, and nobody holds it."""
        if self._held[instance.service, instance.id]:
            return False
        try:
            self._book.authorise(instance.service, instance.id, owner=owner)
        except RPCError:
            return False
        return True

    async def _answers(self, instance: Instance, peer: str) -> bool:
        """Probe the addresses that may be called; without any, give it the benefit of doubt."""
        targets = [found for address in instance.addresses if (found := target(address))]
        allowed = [(host, port) for host, port in targets if self._gate.may_call(host, peer)]
        async with self._probes:
            for host, port in allowed:
                if await listens(host, port):
                    return True
        return not allowed

    def _remove(self, instance: Instance, owner: bytes) -> None:
        if self._is_suspect(instance, owner):
            self._book.evict(instance.service, instance.id)


def _place(instance: Instance) -> tuple[str, tuple[str, ...]]:
    return instance.service, instance.addresses


def _take_one(counts: Counter[K], key: K) -> int:
    """Count one less, and return how many are left; of none, no memory is kept."""
    counts[key] -= 1
    return counts[key] or counts.pop(key)
