"""Severity as OpenTelemetry counts it: 1 to 24, four steps to each of six names.

Source: OpenTelemetry logs data model, fields SeverityNumber and SeverityText.
"""

TRACE = 1
DEBUG = 5
INFO = 9
WARN = 13
ERROR = 17
FATAL = 21
HIGHEST = 24

_NAMES = ("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL")
_STEPS = 4
_ALIASES = {"WARNING": WARN, "CRITICAL": FATAL, "EXCEPTION": ERROR, "NOTSET": TRACE}


def severity_text(level: int) -> str:
    """Return the short name of a level: INFO for 9, INFO2 for 10."""
    name, step = divmod(level - 1, _STEPS)
    return _NAMES[name] + (str(step + 1) if step else "")


_LEVELS = {severity_text(level): level for level in range(TRACE, HIGHEST + 1)} | _ALIASES


def severity_number(text: str) -> int:
    """Return the level that a short name (INFO, info3) or one of Python's (WARNING) stands for.

    Raises:
        ValueError: no level has this name.
    """
    try:
        return _LEVELS[text.upper()]
    except KeyError:
        msg = f"{text!r} is no level; expected one of {', '.join(_NAMES)}"
        raise ValueError(msg) from None


def severity_of_python(levelno: int) -> int:
    """Return the level of a number of `logging`: each ten is a name, what is between a step."""
    tens, rest = divmod(max(levelno, 0), 10)
    if tens >= len(_NAMES):
        return HIGHEST
    return TRACE + tens * _STEPS + min(rest, _STEPS - 1)
