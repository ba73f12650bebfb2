"""Methods called over gRPC."""

from kitfox.core import Closing, Endpoint, Method
from kitfox.multiplex import KeepAlive
from kitfox.net import TLS
from kitfox.transports.grpc._credentials import client_side, stamp_of
from kitfox.transports.grpc._grpcio import Channel, new_channel
from kitfox.transports.grpc._limits import GRPCLimits
from kitfox.transports.grpc._line import Line
from kitfox.transports.grpc._messages import (
    Messages,
    bad_reply,
    messages_of,
    reader,
    request_writer,
    writer,
)
from kitfox.transports.grpc._outgoing import Outgoing
from kitfox.transports.grpc._status import Statuses
from kitfox.transports.grpc._url import parse_url

# Servers of other makes send away who asks more often.
_RARELY = KeepAlive(quiet=300.0, patience=20.0)


class GRPCConnection(Closing):
    """A connection to whoever serves gRPC at `url`, such as `grpc://127.0.0.1:9090`.

    One connection of HTTP/2 carries all calls; it is opened when needed, within `patience` seconds,
    and again when it was lost. `token` is shown with every call. `grpcs://` speaks TLS, as `tls`
    says. With `gzip`, requests are compressed; replies are read either way.

    Raises:
        ValueError: the URL is malformed.
        TLSError: a certificate or key is of no use; the text says which and why.
    """

    def __init__(
        self,
        url: str,
        *,
        tls: TLS | None = None,
        token: str | None = None,
        patience: float = 5.0,
        limits: GRPCLimits | None = None,
        keep_alive: KeepAlive | None = None,
        gzip: bool = False,
    ) -> None:
        self._target = parse_url(url)
        self._tls = (tls or TLS()) if self._target.secure else None
        if self._tls is not None:
            client_side(self._tls)  # so that a wrong file is found now
        self._limits = limits or GRPCLimits()
        self._options = self._limits.of_client(keep_alive or _RARELY, patience)
        self._gzip = gzip
        self._credentials = (("authorization", f"Bearer {token}"),) if token else ()
        self._statuses = Statuses()
        self._line = Line(self._dial, stamp=self._stamp, where=url, patience=patience)

    async def aclose(self) -> None:
        """Close the connection; calls that are not over end with UNAVAILABLE."""
        await self._line.aclose()

    def endpoint(self, method: Method) -> Endpoint:
        """Return what makes calls of `method`; raise DefinitionError for types of no protobuf."""
        return self.endpoint_with(method, messages_of([method])[method])

    def endpoint_with(self, method: Method, messages: Messages) -> Endpoint:
        """Return the same, where `messages` writes the requests and reads the replies."""
        encode = writer(messages.encoder(method.request), self._limits.message)
        decode = reader(messages.decoder(method.reply), bad_reply(method))
        return Outgoing(
            self._line,
            method,
            request_writer(encode),
            decode,
            statuses=self._statuses,
            credentials=self._credentials,
        ).run

    def _dial(self) -> Channel:
        credentials = None if self._tls is None else client_side(self._tls)
        return new_channel(self._target.name, self._options, credentials, gzip=self._gzip)

    def _stamp(self) -> object:
        return None if self._tls is None else stamp_of(self._tls)
