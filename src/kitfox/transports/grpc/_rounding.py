"""The time left as grpcio writes it: in three digits, and never finer than a millisecond.

It rounds up, by 0.1 s of a minute: each hop would add to the time there is.
"""

import math

_DIGITS = 3


def rounded_down(seconds: float) -> float:
    """Return the longest time that is not over `seconds` and that grpcio writes as it is."""
    if seconds < 0.001:
        return 0.0
    places = min(_DIGITS, _DIGITS - 1 - math.floor(math.log10(seconds)))
    return math.floor(seconds * 10.0**places) / 10.0**places
