"""Where JWK sets (RFC 7517) are read: a file or a URL."""

import asyncio
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import urlsplit

from kitfox.net import TLS, ClientLimits, HTTPClient, is_loopback
from kitfox.scope import fail_after

_LONGEST: Final = 256 * 1024  # bytes of a set; real ones have a few thousand
_TIMEOUT: Final = 5.0


class KeySource(Protocol):
    """Where a JWK set is read, and how often.

    Sets are read anew after `max_age` seconds, and for an unknown key, but not again within
    `again` seconds.
    """

    @property
    def max_age(self) -> float:
        """After how many seconds to read the set anew."""
        ...

    @property
    def again(self) -> float:
        """How many seconds must pass between two readings."""
        ...

    async def read(self) -> bytes:
        """Return the set as it stands there; raise whatever is in the way, within seconds."""
        ...


class JWKSFile:
    """A JWK set in a file, which is looked at again every `max_age` seconds."""

    def __init__(self, path: str | Path, *, max_age: float = 10.0, again: float = 1.0) -> None:
        self.max_age = max_age
        self.again = again
        self._path = Path(path)

    async def read(self) -> bytes:
        """Return the file's bytes. Raises OSError; ValueError when it is no set's size."""
        return await asyncio.to_thread(self._read)

    def _read(self) -> bytes:
        with self._path.open("rb") as file:
            body = file.read(_LONGEST + 1)
        if len(body) > _LONGEST:
            msg = f"{self._path} is longer than {_LONGEST} bytes, so it is no set of keys"
            raise ValueError(msg)
        return body


class JWKSURL:
    """A JWK set that an issuer publishes, read again every `max_age` seconds.

    Only https, or a port of this machine, will do: who can change the set on its way can be
    anybody. It is read within five seconds, up to 256 KiB, and redirects are not followed.
    `tls` says whom to trust.

    Raises:
        ValueError: the URL is of neither kind.
    """

    def __init__(
        self, url: str, *, max_age: float = 600.0, again: float = 10.0, tls: TLS | None = None
    ) -> None:
        parts = urlsplit(url)
        local = parts.scheme == "http" and is_loopback(parts.hostname or "")
        if not local and not (parts.scheme == "https" and parts.hostname):
            msg = f"{url!r}: keys are read over https, or from a port of this machine"
            raise ValueError(msg)
        self.max_age = max_age
        self.again = again
        self._url = url
        self._tls = tls

    async def read(self) -> bytes:
        """Return the set's bytes. Raises HTTPError, TimeoutError; ValueError for another status."""
        limits = ClientLimits(connections=1, body_bytes=_LONGEST)
        async with HTTPClient(limits, tls=self._tls) as client, fail_after(_TIMEOUT):
            reply = await client.request("GET", self._url, idempotent=True)
        if reply.status != 200:
            msg = f"the answer was HTTP {reply.status}"
            raise ValueError(msg)
        return reply.body
