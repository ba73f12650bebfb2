"""The log of a system: a service that keeps it, and what ships a process's log there."""

from kitfox.services.logs._contract import (
    Appended as Appended,
    Logs as Logs,
    entries_of as entries_of,
)
from kitfox.services.logs._entry import Batch as Batch, Entry as Entry
from kitfox.services.logs._format import format_entry as format_entry
from kitfox.services.logs._handler import (
    KitfoxHandler as KitfoxHandler,
    KitfoxProcessor as KitfoxProcessor,
)
from kitfox.services.logs._outbox import Outbox as Outbox
from kitfox.services.logs._query import (
    Filter as Filter,
    Follow as Follow,
    Page as Page,
    Query as Query,
    Tailed as Tailed,
)
from kitfox.services.logs._service import LogService as LogService
from kitfox.services.logs._settings import LogSettings as LogSettings
from kitfox.services.logs._severity import (
    severity_number as severity_number,
    severity_of_python as severity_of_python,
    severity_text as severity_text,
)
from kitfox.services.logs._shipper import Shipper as Shipper

__all__ = [
    "Appended",
    "Batch",
    "Entry",
    "Filter",
    "Follow",
    "KitfoxHandler",
    "KitfoxProcessor",
    "LogService",
    "LogSettings",
    "Logs",
    "Outbox",
    "Page",
    "Query",
    "Shipper",
    "Tailed",
    "entries_of",
    "format_entry",
    "severity_number",
    "severity_of_python",
    "severity_text",
]
