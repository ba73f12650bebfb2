"""Keeping one instance registered at a registry of the original kind, which forgets easily.

States, and who moves between them
- *joining*: POSTs the registration until it is answered 200, with a pause by chance between two
  attempts; that leads to member.
- *member*: waits until the registry has been silent for too long (see `Silence`). Then it takes
  the registration back, lest it stand twice, and is joining again.
- *closed*: `aclose`, final.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable

import msgspec

from kitfox.net import HTTPClient, HTTPError
from kitfox.registry._background import Background
from kitfox.registry._documents import OriginalRegistration
from kitfox.registry._keeper import Draw, pause
from kitfox.registry._silence import Silence
from kitfox.scope import fail_after

TIMEOUT = 5.0  # the registry delivers the first patch before it answers
CLOSING_TIMEOUT = 1.0

Before = Callable[[], Awaitable[None]]

_JSON = ((b"content-type", b"application/json"),)
_TEXT = ((b"content-type", b"text/plain"),)
_log = logging.getLogger("kitfox.registry")


class Membership:
    """One registration. `url` is the registry's `/services`; `clock` gives monotonic seconds."""

    def __init__(
        self,
        http: HTTPClient,
        url: str,
        registration: OriginalRegistration,
        *,
        clock: Callable[[], float],
        draw: Draw,
    ) -> None:
        self.registration = registration
        self.silence = Silence()
        self.joined = False
        self._http = http
        self._url = url
        self._clock = clock
        self._draw = draw
        self._background = Background()

    async def start(self, before: Before) -> None:
        """Try to join once, and go on in the background; `before` is called before each attempt."""
        await self._join(before)
        self._background.start(self._run(before))

    async def aclose(self) -> None:
        """Leave; a registry that is away is not waited for."""
        await self._background.aclose()
        await self._leave()
        self.joined = False

    async def _run(self, before: Before) -> None:
        while True:
            if self.joined:
                await self._until_silent()
                _log.warning("%s seems forgotten by its registry", self._name)
                await self._leave()
                self.joined = False
            else:
                await asyncio.sleep(pause(self._draw()))
            await self._join(before)

    async def _until_silent(self) -> None:
        """Look once a second: the moment moves on with each heartbeat."""
        while self.silence.begins() > self._clock():  # noqa: ASYNC110
            await asyncio.sleep(1.0)

    async def _join(self, before: Before) -> None:
        await before()
        self.silence.reset()
        body = msgspec.json.encode(self.registration)
        fault = await self._send("POST", body, _JSON, TIMEOUT)
        self.joined = not fault
        if fault:
            _log.warning("%s cannot be registered: %s", self._name, fault)

    async def _leave(self) -> None:
        body = self.registration.service_url.encode()
        if fault := await self._send("DELETE", body, _TEXT, CLOSING_TIMEOUT):
            _log.info("%s cannot be deregistered: %s", self._name, fault)

    async def _send(
        self, verb: str, body: bytes, headers: tuple[tuple[bytes, bytes], ...], seconds: float
    ) -> str:
        """Send a request; return what went wrong, or nothing."""
        try:
            async with fail_after(seconds):
                answer = await self._http.request(verb, self._url, headers=headers, body=body)
        except (HTTPError, TimeoutError) as error:
            return str(error) or f"no answer within {seconds:g} s"
        text = answer.body[:200].decode("utf-8", "replace").strip()
        return "" if answer.status == 200 else f"answered {answer.status} {text}"

    @property
    def _name(self) -> str:
        return f"{self.registration.service_name} at {self.registration.service_url}"
