"""Opening connections."""

import asyncio

from kitfox.net._errors import ConnectFailed
from kitfox.net._http_connection import HTTPConnection
from kitfox.net._http_url import Origin
from kitfox.net._tls import TLS
from kitfox.scope import fail_after

_ALPN = ("http/1.1",)
_GOODBYE_SECONDS = 1.0  # how long a closing TLS connection waits for its peer's goodbye


class Dialer:
    """Opens connections, each within `connect_seconds`.

    Files of TLS are read at once; the system's authorities, which take long, when first needed.
    Raises TLSError.
    """

    def __init__(self, *, connect_seconds: float, tls: TLS | None) -> None:
        self._seconds = connect_seconds
        self._tls = tls or TLS()
        if tls is not None:
            tls.client_context(*_ALPN)

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
                ssl=self._tls.client_context(*_ALPN),
                ssl_shutdown_timeout=_GOODBYE_SECONDS,
            )
        else:
            await loop.create_connection(lambda: connection, origin.host, origin.port)
