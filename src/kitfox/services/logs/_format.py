"""An entry as people read it on a terminal."""

from datetime import datetime

from kitfox.services.logs._entry import Entry
from kitfox.services.logs._severity import DEBUG, ERROR, INFO, WARN, severity_text
from kitfox.services.logs._text_line import escape

STACK = "exception.stacktrace"
_DIM, _RED, _YELLOW, _GREEN, _CYAN, _PLAIN = "2", "31", "33", "32", "36", "0"
_COLOURS = ((ERROR, _RED), (WARN, _YELLOW), (INFO, _GREEN), (DEBUG, _CYAN))


def format_entry(entry: Entry, *, colour: bool) -> str:
    """Return an entry as a line in local time, and its stack trace, if any, indented below.

    Whatever the entry holds, it moves no cursor and begins no line that could pass for another.
    """
    paint = _paint if colour else _leave
    moment = datetime.fromtimestamp(entry.time).astimezone()
    stamp = moment.strftime("%H:%M:%S.") + f"{moment.microsecond // 1000:03}"
    parts = [
        paint(f"{moment:%Y-%m-%d} {stamp}", _DIM),
        paint(f"{severity_text(entry.level):5}", _colour_of(entry.level)),
        paint(escape(entry.service or "-"), _CYAN),
        escape(entry.message),
        *(paint(f"{escape(k)}={escape(str(v))}", _DIM) for k, v in _shown(entry)),
    ]
    return " ".join(parts) + _stack(entry)


def _shown(entry: Entry) -> list[tuple[str, object]]:
    fields = [(name, value) for name, value in entry.fields.items() if name != STACK]
    return [*fields, ("trace_id", entry.trace_id)] if entry.trace_id else fields


def _stack(entry: Entry) -> str:
    lines = str(entry.fields.get(STACK, "")).splitlines()
    return "".join(f"\n    {escape(line)}" for line in lines)


def _colour_of(level: int) -> str:
    return next((colour for least, colour in _COLOURS if level >= least), _DIM)


def _paint(text: str, colour: str) -> str:
    return f"\x1b[{colour}m{text}\x1b[{_PLAIN}m"


def _leave(text: str, _: str) -> str:
    return text
