"""Why WebSockets are closed: codes of RFC 6455, 7.4.1, and reasons that fit."""

from typing import Final

NORMAL: Final = 1000
BROKE_THE_RULES: Final = 1002
NO_CODE: Final = 1005  # said by nobody: the other side gave none
LOST: Final = 1006  # said by nobody: there was no closing
NOT_UTF_8: Final = 1007
FAILED: Final = 1011
RESTART: Final = 1012

STOPS: Final = "the server stops"

_MOST = 123  # bytes: a control frame has 125, and the code takes two


def fitting(reason: str) -> str:
    """Return as much of a reason as there is room for."""
    return reason.encode()[:_MOST].decode(errors="ignore")
