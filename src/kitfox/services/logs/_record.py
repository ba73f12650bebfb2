"""From a record of the standard library's logging to an entry."""

import logging
import traceback

from kitfox.services.logs._entry import LATEST, Entry
from kitfox.services.logs._plain import MOST_MESSAGE, MOST_NAME, clean, plain
from kitfox.services.logs._severity import severity_of_python

# The names of OpenTelemetry's semantic conventions.
TYPE = "exception.type"
MESSAGE = "exception.message"
STACK = "exception.stacktrace"

_OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def entry_of(record: logging.LogRecord, service: str, instance: str, trace_id: str) -> Entry:
    """Return the entry of a record: its extra attributes and its exception become fields."""
    return Entry(
        time=min(max(record.created, 0.0), LATEST),
        level=severity_of_python(record.levelno),
        message=clean(_message(record), MOST_MESSAGE),
        logger=clean(record.name, MOST_NAME),
        service=service,
        instance=instance,
        trace_id=clean(trace_id, MOST_NAME),
        fields=_fields(record),
    )


def exception_fields(error: BaseException) -> dict[str, object]:
    """Return what there is to say of an exception, under OpenTelemetry's names."""
    kind = type(error)
    return {
        TYPE: clean(f"{kind.__module__}.{kind.__qualname__}"),
        MESSAGE: clean(_text_of(error)),
        STACK: clean("".join(traceback.format_exception(error)), MOST_MESSAGE),
    }


def _text_of(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - an exception of the user's, which may do anything
        return ""


def _message(record: logging.LogRecord) -> str:
    """Return the message; one whose arguments do not fit it is still worth its words."""
    try:
        return record.getMessage()
    except Exception:  # noqa: BLE001 - formats and arguments are the user's
        return f"{record.msg!s} {plain(record.args)}"


def _fields(record: logging.LogRecord) -> dict[str, object]:
    extra = {
        clean(name, MOST_NAME): plain(value)
        for name, value in vars(record).items()
        if name not in _OWN
    }
    if record.exc_info and record.exc_info[1] is not None:
        extra |= exception_fields(record.exc_info[1])
    elif record.exc_text:
        extra[STACK] = clean(record.exc_text, MOST_MESSAGE)
    if record.stack_info:
        extra["stack"] = clean(record.stack_info, MOST_MESSAGE)
    return extra
