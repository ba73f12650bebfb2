"""From the standard library's logging, or structlog's, to the outbox."""

import logging
import sys
import time
from collections.abc import Callable, MutableMapping
from typing import Any, cast

from kitfox.services.logs._entry import Entry
from kitfox.services.logs._outbox import Outbox
from kitfox.services.logs._plain import MOST_MESSAGE, MOST_NAME, clean, plain
from kitfox.services.logs._record import STACK, entry_of, exception_fields
from kitfox.services.logs._severity import INFO, severity_number
from kitfox.services.logs._shipper import is_shipping

_FLUSH_SECONDS = 1.0
_KNOWN = frozenset({"event", "level", "logger", "timestamp", "exception", "exc_info"})
Event = MutableMapping[str, Any]


def no_trace() -> str:
    """Return the trace id of code that is not traced."""
    return ""


class KitfoxHandler(logging.Handler):
    """Ships what is logged to the log service. It never waits, and never raises.

    `trace_id` says which trace the running code belongs to. Entries are on this machine's disk
    within 0.2 s: what was logged less than that before a kill -9 is lost.
    """

    def __init__(
        self,
        outbox: Outbox,
        *,
        level: int = logging.NOTSET,
        trace_id: Callable[[], str] = no_trace,
    ) -> None:
        super().__init__(level)
        self._outbox = outbox
        self._trace_id = trace_id

    def emit(self, record: logging.LogRecord) -> None:
        """Put a record into the outbox, unless it tells of the shipping itself."""
        if is_shipping():
            return
        try:
            outbox = self._outbox
            outbox.put(entry_of(record, outbox.service, outbox.instance, self._trace_id()))
        except Exception:  # noqa: BLE001 - logging's own way: told on stderr, never raised
            self.handleError(record)

    def flush(self) -> None:
        """Wait, not long, until what was logged is on this machine's disk."""
        self._outbox.flush(_FLUSH_SECONDS)


class KitfoxProcessor:
    """A structlog processor that ships each event, and hands it on unchanged.

    Let it stand before the renderer, after whatever adds level, logger name and exception.
    """

    def __init__(
        self,
        outbox: Outbox,
        *,
        trace_id: Callable[[], str] = no_trace,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._outbox = outbox
        self._trace_id = trace_id
        self._clock = clock

    def __call__(self, logger: object, method: str, event: Event) -> Event:
        """Put an event into the outbox."""
        if not is_shipping():
            try:
                self._outbox.put(self._entry(method, event))
            except Exception:  # noqa: BLE001 - code that logs must not fail by it
                self._outbox.note("an event could not be made an entry")
        return event

    def _entry(self, method: str, event: Event) -> Entry:
        fields = {
            clean(str(name), MOST_NAME): plain(value)
            for name, value in event.items()
            if name not in _KNOWN
        }
        return Entry(
            time=self._clock(),
            level=_level(str(event.get("level", method))),
            message=clean(str(event.get("event", "")), MOST_MESSAGE),
            logger=clean(str(event.get("logger", "")), MOST_NAME),
            service=self._outbox.service,
            instance=self._outbox.instance,
            trace_id=clean(self._trace_id(), MOST_NAME),
            fields=fields | _exception(event),
        )


def _level(name: str) -> int:
    try:
        return severity_number(name)
    except ValueError:
        return INFO


def _exception(event: Event) -> dict[str, object]:
    """Return the exception of an event as fields: rendered already, or as structlog takes it."""
    if "exception" in event:
        return {STACK: clean(str(event["exception"]), MOST_MESSAGE)}
    error = _error_of(event.get("exc_info"))
    return {} if error is None else exception_fields(error)


def _error_of(given: object) -> BaseException | None:
    """Return the exception that structlog's `exc_info` means: itself, a tuple with it, or True."""
    if isinstance(given, BaseException):
        return given
    if isinstance(given, tuple):
        parts = cast("tuple[object, ...]", given)
        return next((part for part in parts if isinstance(part, BaseException)), None)
    return sys.exception() if given else None
