"""Entries as JSON lines: how anything that can send a file writes to the log."""

import re
from datetime import datetime
from typing import Any

import msgspec

from kitfox.services.logs._entry import Entry, Level, Name, Text, Timestamp
from kitfox.services.logs._severity import INFO, severity_number

MOST_LINES = 10_000
_COMPLAINT = re.compile(r"(?P<what>.*) - at `\$\.(?P<field>.*)`", re.DOTALL)


class LineError(ValueError):
    """A line that is no entry. The message names line and field; nothing was stored."""


class _Line(msgspec.Struct, forbid_unknown_fields=True):
    """An entry as people write it: time as Unix time or RFC 3339, level as number or name."""

    message: Text
    time: Timestamp | datetime | None = None
    level: Level | str = INFO
    logger: Name = ""
    service: Name = ""
    instance: Name = ""
    trace_id: Name = ""
    fields: dict[str, Any] = msgspec.field(default_factory=dict[str, Any])


_decoder = msgspec.json.Decoder(_Line)


def read_entries(body: bytes, now: float) -> tuple[Entry, ...]:
    """Return the entries of a body with one JSON object on each line; empty lines do not count.

    Raises:
        LineError: a line is no entry, there are none, or there are too many.
    """
    lines = [(n, line) for n, line in enumerate(body.split(b"\n"), 1) if line.strip()]
    if not 0 < len(lines) <= MOST_LINES:
        raise LineError(f"expected 1 to {MOST_LINES} lines, got {len(lines)}")
    return tuple(_read_line(number, line, now) for number, line in lines)


def _read_line(number: int, text: bytes, now: float) -> Entry:
    try:
        line = _decoder.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise LineError(f"line {number}{_complaint(str(error))}") from None
    return Entry(
        time=_time(number, line.time, now),
        level=_level(number, line.level),
        message=line.message,
        logger=line.logger,
        service=line.service,
        instance=line.instance,
        trace_id=line.trace_id,
        fields=line.fields,
    )


def _complaint(text: str) -> str:
    if (found := _COMPLAINT.fullmatch(text)) is None:
        return f": {text}"
    return f", field {found['field']}: {found['what']}"


def _time(number: int, time: float | datetime | None, now: float) -> float:
    if time is None:
        return now
    if not isinstance(time, datetime):
        return time
    if time.tzinfo is None:
        raise LineError(f"line {number}, field time: expected an offset from UTC, such as Z")
    if (seconds := time.timestamp()) < 0:
        raise LineError(f"line {number}, field time: expected a time after 1969")
    return seconds


def _level(number: int, level: int | str) -> int:
    if not isinstance(level, str):
        return level
    try:
        return severity_number(level)
    except ValueError as error:
        raise LineError(f"line {number}, field level: {error}") from None
