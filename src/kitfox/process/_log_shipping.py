"""What a process logs: to stderr for whoever started it, and to the log service of its system."""

import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from kitfox.services.logs import KitfoxHandler, Logs, Outbox, Shipper

_FORMAT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
_GRACE = 1.0  # seconds for the last entries; what stays behind is delivered by the next life


def log_to_stderr() -> None:
    """Send what the process logs to stderr: from INFO on; uvicorn only warns."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format=_FORMAT, datefmt="%H:%M:%S")
    logging.getLogger("uvicorn").setLevel(logging.WARNING)


@asynccontextmanager
async def shipping(logs: Logs, spool: Path, service: str, instance: str) -> AsyncIterator[None]:
    """Ship what the process logs to the log service while the context is open."""
    with Outbox(spool, service=service, instance=instance) as outbox:
        handler = KitfoxHandler(outbox)
        root = logging.getLogger()
        root.addHandler(handler)
        try:
            async with Shipper(outbox, logs, grace=_GRACE):
                yield
        finally:
            root.removeHandler(handler)
