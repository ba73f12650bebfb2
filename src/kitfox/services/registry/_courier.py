"""Calls to services of the original protocol: patches, and questions for a sign of life."""

import asyncio
import contextlib
import logging
from collections.abc import Callable

import msgspec

from kitfox.net import HTTPClient, HTTPError
from kitfox.registry import Patch
from kitfox.scope import fail_after
from kitfox.services.registry._book import Clock
from kitfox.services.registry._outbox import Outbox
from kitfox.services.registry._probe import listens, target

INTRODUCTIONS = 3
INTRODUCTION_PAUSE = 0.2

_JSON = ((b"content-type", b"application/json"),)
_log = logging.getLogger("kitfox.registry")


class Undelivered(Exception):
    """A patch was not taken; `sent` if any of it may have arrived."""

    def __init__(self, reason: str, *, sent: bool) -> None:
        super().__init__(reason)
        self.sent = sent


class Caller:
    """Calls services of the original protocol, and waits for neither answer too long."""

    def __init__(self, http: HTTPClient, *, delivery: float, heartbeat: float) -> None:
        """Wait `delivery` seconds for a patch to be taken, `heartbeat` seconds for a heartbeat."""
        self._http = http
        self._delivery = delivery
        self._heartbeat = heartbeat

    async def deliver(self, url: str, patch: Patch) -> None:
        """POST a patch. Raises Undelivered."""
        body = msgspec.json.encode(patch)
        try:
            async with fail_after(self._delivery):
                answer = await self._http.request("POST", url, headers=_JSON, body=body)
        except TimeoutError:
            raise Undelivered(f"no answer within {self._delivery:g} s", sent=True) from None
        except HTTPError as error:
            raise Undelivered(str(error), sent=error.sent) from None
        if answer.status != 200:
            raise Undelivered(f"answered {answer.status}", sent=True)

    async def is_alive(self, heartbeat_url: str, service_url: str) -> bool:
        """Ask for a heartbeat; one that offers none is alive while it accepts connections."""
        if not heartbeat_url:
            found = target(service_url)
            return found is not None and await listens(*found)
        try:
            async with fail_after(self._heartbeat):
                answer = await self._http.request("GET", heartbeat_url, idempotent=True)
        except (HTTPError, TimeoutError):
            return False
        return answer.status == 200


class Courier:
    """Brings one dependent what is in its outbox, one patch after the other."""

    def __init__(
        self, caller: Caller, url: str, outbox: Outbox, *, clock: Clock, draw: Clock
    ) -> None:
        self.outbox = outbox
        self.paused = False
        self._caller = caller
        self._url = url
        self._clock = clock
        self._draw = draw
        self._stirred = asyncio.Event()

    def stir(self) -> None:
        """Look into the outbox again: it, or `paused`, has changed."""
        self._stirred.set()

    async def introduce(self) -> None:
        """Deliver the first patch now. Raises Undelivered.

        A newcomer that registers before it listens is tried again a moment later.
        """
        for attempt in range(1, INTRODUCTIONS + 1):
            try:
                await self._deliver()
            except Undelivered as error:
                if error.sent or attempt == INTRODUCTIONS:
                    raise
                await asyncio.sleep(INTRODUCTION_PAUSE)
            else:
                return

    async def run(self, on_delivery: Callable[[], None]) -> None:
        """Deliver whatever comes into the outbox, until cancelled."""
        while True:
            await self._until_due()
            try:
                await self._deliver()
            except Undelivered as error:
                _log.info("%s did not take a patch: %s", self._url, error)
            else:
                on_delivery()

    async def _deliver(self) -> None:
        patch = self.outbox.take()
        try:
            await self._caller.deliver(self._url, patch)
        except Undelivered as error:
            self.outbox.failed(self._clock(), self._draw(), sent=error.sent)
            raise
        self.outbox.delivered()

    async def _until_due(self) -> None:
        while (wait := self._wait()) is None or wait > 0:
            self._stirred.clear()
            if wait is None:
                await self._stirred.wait()
                continue
            with contextlib.suppress(TimeoutError):
                async with fail_after(wait):
                    await self._stirred.wait()

    def _wait(self) -> float | None:
        due = None if self.paused else self.outbox.due()
        return None if due is None else due - self._clock()
