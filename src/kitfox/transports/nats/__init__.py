"""Services on a NATS system: queue groups, all four kinds, and NATS's own service discovery."""

from kitfox.transports.nats._connection import NATSConnection as NATSConnection
from kitfox.transports.nats._listener import NATS as NATS

__all__ = ["NATS", "NATSConnection"]
