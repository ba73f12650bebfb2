"""gRPC, without generated code. Needs `kitfox[grpc]`."""

from kitfox.transports.grpc._connection import GRPCConnection as GRPCConnection
from kitfox.transports.grpc._limits import GRPCLimits as GRPCLimits
from kitfox.transports.grpc._listener import GRPC as GRPC
from kitfox.transports.grpc._reflected import GRPCReflection as GRPCReflection

__all__ = ["GRPC", "GRPCConnection", "GRPCLimits", "GRPCReflection"]
