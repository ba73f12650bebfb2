"""MessagePack-RPC: the wire between kitfox's own services."""

from kitfox.transports.msgpack._connection import RPCConnection as RPCConnection
from kitfox.transports.msgpack._limits import RPCLimits as RPCLimits
from kitfox.transports.msgpack._listener import RPC as RPC
from kitfox.transports.msgpack._upgrade import RPCUpgrade as RPCUpgrade

__all__ = ["RPC", "RPCConnection", "RPCLimits", "RPCUpgrade"]
