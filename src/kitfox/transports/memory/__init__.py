"""Client and server in one process, without a wire."""

from kitfox.transports.memory._memory import Memory as Memory

__all__ = ["Memory"]
