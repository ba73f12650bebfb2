"""Whether somebody still listens at an address."""

import asyncio
from urllib.parse import urlsplit

from kitfox.scope import fail_after

TIMEOUT = 0.5


def target(address: str) -> tuple[str, int] | None:
    """Return the host and port of an address of the form `scheme://host:port`, or None."""
    try:
        parts = urlsplit(address)
        port = {"http": 80, "https": 443}.get(parts.scheme) if parts.port is None else parts.port
    except ValueError:
        return None
    return (parts.hostname, port) if parts.hostname and port else None


async def listens(host: str, port: int) -> bool:
    """Try to connect; False if that is refused or takes longer than `TIMEOUT`."""
    try:
        async with fail_after(TIMEOUT):
            _, writer = await asyncio.open_connection(host, port)
    except (OSError, UnicodeError):  # a TimeoutError is the one, a name no DNS could hold the other
        return False
    writer.transport.abort()
    return True
