"""Helpers for the tests of the log service."""

import logging
import resource
from contextlib import asynccontextmanager, contextmanager

import pytest

from kitfox.services.logs import Batch, Entry, Logs, LogService, LogSettings
from kitfox.transports.memory import Memory


@pytest.fixture
def entry():
    """Return a maker of entries."""

    def make(message="hello", **changes):
        return Entry(**{"time": 1000.0, "level": 9, "message": message, **changes})

    return make


@pytest.fixture
def batch(entry):
    """Return a maker of batches."""

    def make(*texts, sequence=1, source="s", **changes):
        return Batch(source, sequence, tuple(entry(text, **changes) for text in texts))

    return make


@pytest.fixture
def clock():
    """Return a clock that stands still until it is told the time."""
    return Clock()


class Clock:
    now = 1_000_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def served(tmp_path, clock):
    """Return what serves a log over memory and yields a client of it."""

    @asynccontextmanager
    async def serve(**settings):
        wire = Memory(grace=0.05)
        settings = LogSettings(directory=str(tmp_path / "log"), **settings)
        async with LogService(settings, clock=clock) as service, wire.listen(service.routes()):
            yield Logs.client(wire)

    return serve


@pytest.fixture
def logger_of():
    """Return a maker of loggers that nothing else can see, with one handler."""

    def make(handler, name="school"):
        logger = logging.Logger(name)  # noqa: LOG001 - not one that the process keeps for ever
        logger.addHandler(handler)
        return logger

    return make


@pytest.fixture
def no_file_beyond():
    """Return what lets the kernel refuse to write any file beyond a size, as a full disk would."""

    @contextmanager
    def limit(size):
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    return limit
