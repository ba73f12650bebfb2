"""What people write for a moment in the past. Pure: `now` is passed in."""

from datetime import datetime

from kitfox.app import read_duration
from kitfox.cli._exit import Exit, Failed


def moment(text: str, now: float) -> float:
    """Return the Unix time of "90s", "15m", "2h", "1d" ago, or of an ISO 8601 date and time.

    A date without a zone is local. Raises Failed (used wrongly) for anything else.
    """
    if (ago := read_duration(text)) is not None:
        return now - ago.total_seconds()
    try:
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError):
        message = f'--since: expected 90s, 15m, 2h, 1d or 2026-01-31T12:00, got "{text}"'
        raise Failed(message, Exit.USAGE) from None
