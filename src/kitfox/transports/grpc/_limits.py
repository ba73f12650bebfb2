"""How much a gRPC peer takes from strangers."""

import msgspec

from kitfox.multiplex import KeepAlive
from kitfox.transports.grpc._grpcio import Options

# How often, in milliseconds, a peer may ask whether we are there before it is sent away.
_ASKED_TOO_OFTEN = 5000
_HANDSHAKE = 10_000  # how long, in milliseconds, a caller may take over that of TLS


class GRPCLimits(msgspec.Struct, frozen=True, kw_only=True):
    """Sizes in bytes; what goes beyond is refused with RESOURCE_EXHAUSTED.

    - `message`, sent or received
    - `metadata` of a request or a reply, all together
    - `calls` in flight at a server
    - `streams`, which are calls, on one connection to a server; further ones wait at their client
    """

    message: int = 4 << 20
    metadata: int = 64 << 10
    calls: int = 10_000
    streams: int = 2048

    def of_server(self, keep_alive: KeepAlive) -> Options:
        """Return the same as a server of grpcio spells it."""
        return (
            *self._of_both(keep_alive),
            ("grpc.max_concurrent_streams", self.streams),
            ("grpc.http2.min_ping_interval_without_data_ms", _ASKED_TOO_OFTEN),
            ("grpc.server_handshake_timeout_ms", _HANDSHAKE),
        )

    def of_client(self, keep_alive: KeepAlive, patience: float) -> Options:
        """Return the same as a client spells it; `patience` is for connecting, in seconds."""
        return (
            *self._of_both(keep_alive),
            ("grpc.enable_http_proxy", 0),  # the environment must not send calls elsewhere,
            ("grpc.service_config_disable_resolution", 1),  # nor DNS change what they do
            ("grpc.use_local_subchannel_pool", 1),  # a connection is nobody else's
            ("grpc.initial_reconnect_backoff_ms", 100),
            ("grpc.min_reconnect_backoff_ms", _milliseconds(patience)),
            ("grpc.max_reconnect_backoff_ms", 2000),
        )

    def _of_both(self, keep_alive: KeepAlive) -> Options:
        return (
            ("grpc.max_receive_message_length", self.message),
            ("grpc.max_send_message_length", -1),  # measured before: see _messages
            ("grpc.max_metadata_size", self.metadata),
            ("grpc.absolute_max_metadata_size", self.metadata),
            ("grpc.keepalive_time_ms", _milliseconds(keep_alive.quiet)),
            ("grpc.keepalive_timeout_ms", _milliseconds(keep_alive.patience)),
            ("grpc.http2.ping_timeout_ms", _milliseconds(keep_alive.patience)),
            # Windows that grow with the delay would hold ever more for a reader that stalls.
            ("grpc.http2.bdp_probe", 0),
            ("grpc.http2.max_pings_without_data", 0),  # ask on; the default gives up after two
        )


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)
