"""One service of the original protocol, and the two loops that are run for it."""

import asyncio
from collections.abc import Callable

from kitfox.registry import Instance, OriginalProvider, OriginalRegistration
from kitfox.services.registry._book import Clock
from kitfox.services.registry._courier import Caller, Courier
from kitfox.services.registry._heart import Heart, Verdict
from kitfox.services.registry._store import SavedOriginal


class Member:
    """A registration with its heart and its courier. Compared by identity."""

    def __init__(
        self, registration: OriginalRegistration, peer: str, heart: Heart, courier: Courier
    ) -> None:
        self.registration = registration
        self.peer = peer
        self.heart = heart
        self.courier = courier
        self.courier.paused = heart.missing
        self.tasks: list[asyncio.Task[None]] = []

    @property
    def url(self) -> str:
        """Its identity."""
        return self.registration.service_url

    @property
    def instance(self) -> Instance:
        """What those who watch by other protocols see of it."""
        return instance_of(self.registration)

    @property
    def saved(self) -> SavedOriginal:
        """What is to be stored of it."""
        told = self.courier.outbox.told
        return SavedOriginal(self.registration, self.peer, told, self.heart.missing)

    def want(self, providers: frozenset[OriginalProvider]) -> None:
        """Let its courier bring it the news."""
        self.courier.outbox.want(providers)
        self.courier.stir()

    def pause(self) -> None:
        """Bring it no news while it is missing, and go on once it is back."""
        self.courier.paused = self.heart.missing
        self.courier.stir()

    async def beat(
        self, caller: Caller, clock: Clock, judge: Callable[["Member", Verdict], None]
    ) -> None:
        """Ask for heartbeats until it is forgotten, and have each outcome judged."""
        verdict = Verdict.KEEP
        while verdict is not Verdict.FORGET:
            await asyncio.sleep(max(0.0, self.heart.next_at - clock()))
            answered = await caller.is_alive(self.registration.heartbeat_url, self.url)
            verdict = self.heart.beat(clock(), answered=answered)
            judge(self, verdict)

    def stop(self) -> None:
        """Stop both loops."""
        for task in self.tasks:
            task.cancel()


def instance_of(registration: OriginalRegistration) -> Instance:
    """Return what those who watch by other protocols see of a registration."""
    url = registration.service_url
    metadata = {"protocol": "original"}
    return Instance(registration.service_name, url, (url,), metadata=metadata)
