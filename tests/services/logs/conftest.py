"""Helpers for the tests of the log service."""

import asyncio

import pytest

from kitfox.scope import fail_after
from kitfox.services.logs import Entry


@pytest.fixture
def entry():
    """Return a maker of entries."""

    def make(message="hello", **changes):
        return Entry(**{"time": 1000.0, "level": 9, "message": message, **changes})

    return make


@pytest.fixture
def eventually():
    """Return a waiter for a condition that something else brings about."""

    async def wait(condition, seconds=10.0):
        async with fail_after(seconds):
            while not (found := condition()):
                await asyncio.sleep(0.005)
        return found

    return wait
