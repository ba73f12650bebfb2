"""The registry service: `kitfox.v1.Registry` and, beside it, the original protocol."""

import asyncio
import hashlib
import random
import secrets
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Self

from kitfox.core import Call, Endpoint, InvalidArgument, Method, current_call
from kitfox.net import ASGIApp, ClientLimits, HTTPClient
from kitfox.registry import (
    DEFAULT_TTL,
    Background,
    Held,
    Instance,
    Registration,
    Registry,
    ServiceInfo,
    Snapshot,
)
from kitfox.services.registry._book import Book, Clock
from kitfox.services.registry._courier import Caller
from kitfox.services.registry._gate import Gate
from kitfox.services.registry._holds import Holds
from kitfox.services.registry._journal import Journal
from kitfox.services.registry._original import Originals
from kitfox.services.registry._settings import Settings
from kitfox.services.registry._site import site

OVERSLEPT = 0.5  # seconds that this process was not run: stopped, swapped out, suspended
_SECRET_SIZES = range(16, 129)
_CALLS = ClientLimits(connections=4, connect_seconds=1.0, head_bytes=16_384, body_bytes=65_536)


def loop_time() -> float:
    """Return the running loop's monotonic seconds."""
    return asyncio.get_running_loop().time()


class RegistryService(Registry):
    """The registry. Enter it before it serves; leaving it writes down what is left.

    `clock` gives monotonic seconds, `wall` Unix time, `draw` numbers from 0 to 1.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Clock = loop_time,
        wall: Clock = time.time,
        draw: Clock = random.random,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._wall = wall
        self._gate = Gate(settings.token, settings.allow)
        self._background = Background()
        self._journal = Journal(settings.database)
        self._http = HTTPClient(_CALLS)
        self._book = Book(settings.limits, self._journal, clock)
        self._holds = Holds(self._book, self._gate, self._background)
        self._originals = self._make_originals(draw)
        self._exit = AsyncExitStack()

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self._journal.aclose)
            stack.push_async_callback(self._http.aclose)
            stack.push_async_callback(self._background.aclose)
            saved = await self._journal.open()
            self._book.wake(self._first_revision(saved.revision), saved.instances, saved.weights)
            self._originals.wake(saved.originals)
            self._background.start(self._sweep())
            self._background.start(self._show_life())
            self._exit = stack.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._exit.aclose()

    def routes(self) -> Mapping[Method, Endpoint]:
        """Return the methods, each behind the gate."""
        return {method: self._guarded(endpoint) for method, endpoint in super().routes().items()}

    def asgi(self) -> ASGIApp:
        """Return what answers the paths that are no method's: the original protocol."""
        return site(self._originals, self._gate)

    async def register(
        self, instance: Instance, ttl: float = DEFAULT_TTL, secret: str = ""
    ) -> Registration:
        self._check_lease(ttl, secret)
        secret = secret or secrets.token_urlsafe(32)
        owner = _owner(secret)
        commit = self._book.register(instance, owner=owner, ttl=ttl)
        self._holds.expect(instance, owner=owner, peer=_peer())
        revision = self._book.snapshot(instance.service).revision
        await commit.done()
        return Registration(secret, revision, ttl)

    async def renew(self, service: str, id: str, secret: str) -> Registration:
        ttl = self._book.renew(service, id, owner=_owner(secret))
        return Registration(secret, self._book.snapshot(service).revision, ttl)

    async def deregister(self, service: str, id: str, secret: str) -> None:
        await self._book.deregister(service, id, owner=_owner(secret)).done()

    async def weigh(self, service: str, id: str, weight: int | None) -> None:
        await self._book.weigh(service, id, weight).done()

    async def hold(self, service: str, id: str, secret: str) -> AsyncIterator[Held]:
        owner = _owner(secret)
        instance = self._book.authorise(service, id, owner=owner)
        ttl = self._book.renew(service, id, owner=owner)
        with self._holds.hold(instance, owner=owner, peer=_peer()):
            while True:
                yield Held(ttl)
                await asyncio.sleep(self._settings.sign_of_life)

    async def services(self) -> tuple[ServiceInfo, ...]:
        return self._book.services()

    async def get(self, service: str) -> Snapshot:
        self._settings.limits.check_name("service", service)
        return self._book.snapshot(service)

    async def watch(self, service: str) -> AsyncIterator[Snapshot]:
        self._settings.limits.check_name("service", service)
        told: Snapshot | None = None
        with self._book.follow(service) as latest:
            async for snapshot in latest:
                news = snapshot is not told
                yield snapshot if news else Snapshot(service, snapshot.revision, None)
                told = snapshot

    async def _show_life(self) -> None:
        """Give all watchers a sign of life now and then: one timer for all of them."""
        while True:
            await asyncio.sleep(self._settings.sign_of_life)
            self._book.repeat()

    async def _sweep(self) -> None:
        """Remove what has ended; no lease that begins while this sleeps can end before it wakes."""
        while True:
            began = self._clock()
            wait = min(max(self._book.next_end() - began, 0.01), self._settings.shortest_ttl)
            await asyncio.sleep(wait)
            overslept = self._clock() - began - wait
            if overslept > OVERSLEPT:
                self._book.forgive(overslept)
            self._book.expire()

    def _make_originals(self, draw: Clock) -> Originals:
        rhythm, delivery = self._settings.heartbeat, self._settings.delivery_timeout
        caller = Caller(self._http, delivery=delivery, heartbeat=rhythm.timeout)
        return Originals(self._book, self._gate, self._background, caller, rhythm=rhythm, draw=draw)

    def _guarded(self, endpoint: Endpoint) -> Endpoint:
        async def call_through_gate(call: Call, message: object) -> object:
            self._gate.admit(call.peer, call.metadata.get("authorization", ""))
            return await endpoint(call, message)

        return call_through_gate

    def _check_lease(self, ttl: float, secret: str) -> None:
        shortest, longest = self._settings.shortest_ttl, self._settings.longest_ttl
        if not shortest <= ttl <= longest:
            raise InvalidArgument(f"ttl: expected {shortest:g} to {longest:g} seconds, got {ttl:g}")
        if secret and len(secret) not in _SECRET_SIZES:
            raise InvalidArgument("secret: expected 16 to 128 characters, or none")

    def _first_revision(self, saved: int) -> int:
        """Return a revision later than any that this registry ever told.

        The wall clock's microseconds are ahead of a counter of changes even where the counter was
        lost; the counter is ahead where the wall clock was set back.
        """
        return max(saved + 1, int(self._wall() * 1e6))


def build(settings: Settings) -> RegistryService:
    """Return a registry; `run = "kitfox.services.registry:build"` in a configuration."""
    return RegistryService(settings)


def _peer() -> str:
    """Return who calls; nobody but this process calls without a call."""
    try:
        return current_call().peer
    except LookupError:
        return ""


def _owner(secret: str) -> bytes:
    """Return what is kept of a secret; a long random one needs no slow hash."""
    return hashlib.sha256(secret.encode()).digest()
