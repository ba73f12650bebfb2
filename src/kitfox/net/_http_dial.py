"""Opening connections."""

import asyncio
import ssl

from kitfox.net._errors import ConnectFailed
from kitfox.net._http_connection import HTTPConnection
from kitfox.net._http_url import Origin
from kitfox.net._tls import client_tls
from kitfox.scope import fail_after

_GOODBYE_SECONDS = 1.0  # how long a closing TLS connection waits for its peer's goodbye


class Dialer:
    """Opens connections, each within `connect_seconds`, and makes TLS contexts when first asked."""

    def __init__(self, *, connect_seconds: float, tls: ssl.SSLContext | None) -> None:
        self._seconds = connect_seconds
        self._tls = tls

    async def dial(self, origin: Origin, connection: HTTPConnection) -> None:
        """Connect `connection` to `origin`; raises ConnectFailed."""
        try:
            async with fail_after(self._seconds):
                await self._connect(origin, connection)
        except TimeoutError:
            text = f"{origin} accepted no connection within {self._seconds:g} s"
            raise ConnectFailed(text) from None
        except OSError as error:  # a failed TLS handshake is one, too
            reason = error.strerror or str(error)
            raise ConnectFailed(f"cannot connect to {origin}: {reason}") from error
        except UnicodeError:  # an empty label, or one over 63 characters
            raise ConnectFailed(f"cannot connect to {origin}: no DNS has such a name") from None

    async def _connect(self, origin: Origin, connection: HTTPConnection) -> None:
        loop = asyncio.get_running_loop()
        if origin.is_unix:
            await loop.create_unix_connection(lambda: connection, origin.host)
        elif origin.scheme == "https":
            await loop.create_connection(
                lambda: connection,
                origin.host,
                origin.port,
                ssl=self._context(),
                ssl_shutdown_timeout=_GOODBYE_SECONDS,
            )
        else:
            await loop.create_connection(lambda: connection, origin.host, origin.port)

    def _context(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = client_tls()
        return self._tls
