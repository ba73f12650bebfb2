"""The process of a service: what a configuration says, found, wired, served and stopped."""

from kitfox.process._foreground import run_in_foreground as run_in_foreground
from kitfox.process._running import running as running
from kitfox.process._together import running_together as running_together

__all__ = ["run_in_foreground", "running", "running_together"]
