"""How well this process does: its loop, what it needs, and the probes that ask for it."""

from kitfox.health._checks import Check as Check, Checks as Checks, HasChecks as HasChecks
from kitfox.health._loop_lag import LoopLag as LoopLag
from kitfox.health._probes import Probes as Probes
from kitfox.health._readiness import Readiness as Readiness
from kitfox.health._report import Report as Report, Result as Result
from kitfox.health._watchdog import Watchdog as Watchdog

__all__ = [
    "Check",
    "Checks",
    "HasChecks",
    "LoopLag",
    "Probes",
    "Readiness",
    "Report",
    "Result",
    "Watchdog",
]
