"""How well this process does, as it can tell itself."""

from kitfox.health._loop_lag import LoopLag as LoopLag

__all__ = ["LoopLag"]
