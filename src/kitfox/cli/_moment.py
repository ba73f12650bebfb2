"""What people write for a moment in the past. Pure: `now` is passed in."""

import re
from datetime import datetime

from kitfox.cli._exit import Exit, Failed

_AGO = re.compile(r"(\d+(?:\.\d+)?)(s|m|h|d)")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def moment(text: str, now: float) -> float:
    """Return the Unix time of "90s", "15m", "2h", "1d" ago, or of an ISO 8601 date and time.

    A date without a zone is local. Raises Failed (used wrongly) for anything else.
    """
    if ago := _AGO.fullmatch(text):
        return now - float(ago[1]) * _SECONDS[ago[2]]
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        message = f'--since: expected 90s, 15m, 2h, 1d or 2026-01-31T12:00, got "{text}"'
        raise Failed(message, Exit.USAGE) from None
