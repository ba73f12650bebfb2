"""How a process says that it has too much to do."""

from typing import Final

from kitfox.core import Call, Unavailable
from kitfox.resilience._attempts import REFUSED

# Long enough for some calls to end, short enough to try again before one's own deadline.
_RETRY_AFTER: Final = 0.1


def overload(text: str, call: Call | None = None) -> Unavailable:
    """Return the error of who has too much to do; with a call, that one was not begun."""
    details: dict[str, object] = {"reason": "overload", "retry_after": _RETRY_AFTER}
    if call is not None:
        details[REFUSED] = call.method.path
        text = f"{call.method.path}: {text}"
    return Unavailable(text, details=details)
