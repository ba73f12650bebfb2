"""How long a service may take to stop, before who asked it to ends it. Pure.

It serves on for its notice, what runs has the grace of its listeners, and what is left is cancelled
and closed. Whoever waits for it, be it a supervisor of ours, systemd or Kubernetes, waits as long.
"""

from typing import Final

from kitfox.app._config_schema import ServiceConfig
from kitfox.app._listen_urls import is_here

NOTICE: Final = 3.0  # seconds that a service serves on at a stop, unless it says otherwise
_NOTICE_HERE: Final = 0.5  # peers on this machine are told of a change within milliseconds
TO_FINISH: Final = 30.0  # seconds for what runs: each listener's grace, side by side
_LAST_WORDS: Final = 12.0  # seconds for what was cancelled, goodbyes, and the last of the log


def notice_of(service: ServiceConfig) -> float:
    """Return how long it serves on, in seconds, until others know that it stops."""
    if service.notice is not None:
        return service.notice.total_seconds()
    return _NOTICE_HERE if all(map(is_here, service.listen)) else NOTICE


def grace_of(service: ServiceConfig) -> float:
    """Return how long a service may take to stop, in seconds."""
    notice = NOTICE if service.notice is None else service.notice.total_seconds()
    return notice + TO_FINISH + _LAST_WORDS
