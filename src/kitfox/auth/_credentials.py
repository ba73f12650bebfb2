"""Tokens that change while a client runs, and showing them."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import NamedTuple

from kitfox.auth._single_flight import SingleFlight, loop_time
from kitfox.core import Call, Endpoint, Middleware, Unavailable

Credentials = Callable[[], Awaitable[str]]
"""What returns the token to show now."""

_SHOWABLE = re.compile(r"[\x21-\x7e]+")
# After this share of its life a token is renewed; until its end it is shown all the same.
_RENEW_AT = 0.8
# So many seconds after a failure it is tried again.
_AGAIN = 1.0


def show(credentials: Credentials) -> Middleware:
    """Return a client's middleware that shows what `credentials` return, as a bearer token.

    Its calls raise ValueError when that is nothing a wire could carry.
    """

    def wrap(endpoint: Endpoint) -> Endpoint:
        async def call_with_token(call: Call, message: object) -> object:
            token = await credentials()
            if not _SHOWABLE.fullmatch(token):  # said without the token itself
                msg = "the credentials are no token: expected printable ASCII without a space"
                raise ValueError(msg)
            call.metadata["authorization"] = f"Bearer {token}"
            return await endpoint(call, message)

        return call_with_token

    return wrap


class TokenFile:
    """Credentials: the token in a file that somebody else renews, as orchestrators do.

    The file is looked at again every `every` seconds. One that cannot be read is as good as
    unchanged, once it was read.
    """

    def __init__(
        self, path: str | Path, *, every: float = 10.0, clock: Callable[[], float] = loop_time
    ) -> None:
        self._path = Path(path)
        self._every = every
        self._clock = clock
        self._token = ""
        self._looked_at = 0.0

    async def __call__(self) -> str:
        """Return the token. Raises Unavailable when there never was one."""
        now = self._clock()
        if not self._token or now - self._looked_at >= self._every:
            self._looked_at = now
            self._token = await asyncio.to_thread(self._read) or self._token
        if not self._token:
            raise Unavailable(f"there is no token in {self._path}")
        return self._token

    def _read(self) -> str:
        try:
            return self._path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            return ""


class Token(NamedTuple):
    """A token and for how many seconds from now it is good."""

    text: str
    seconds: float


class Renewing:
    """Credentials: a token that `fetch` gets, and gets again before it is over.

    One fetch serves all calls; it belongs to none of them, so it must end by itself. Calls go on
    with the old token while the next is fetched, and wait only when there is none that is good.
    """

    def __init__(
        self, fetch: Callable[[], Awaitable[Token]], *, clock: Callable[[], float] = loop_time
    ) -> None:
        self._fetch = fetch
        self._clock = clock
        self._token = ""
        self._renew_at = self._ends_at = float("-inf")
        self._renewal = SingleFlight(self._renew)

    async def __call__(self) -> str:
        """Return a token that is good now. Raises what the fetch raised, when there is none."""
        now = self._clock()
        if now >= self._ends_at:
            await self._renewal.join()
        elif now >= self._renew_at:
            self._renewal.start()
        return self._token

    async def aclose(self) -> None:
        """Break off a fetch that is under way."""
        await self._renewal.aclose()

    async def _renew(self) -> None:
        began = self._clock()
        self._renew_at = began + _AGAIN
        self._token, seconds = await self._fetch()
        self._renew_at, self._ends_at = began + seconds * _RENEW_AT, began + seconds
