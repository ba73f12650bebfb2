"""Tasks and threads that may wait for channels, and are gone when the test is over."""

import asyncio
import re
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest


@pytest.fixture
async def start():
    """Start tasks; let each run until it waits, and end those that still do when the test ends."""
    tasks = []

    async def begin(work):
        tasks.append(asyncio.ensure_future(work))
        await asyncio.sleep(0)
        return tasks[-1]

    yield begin
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@pytest.fixture
def queues():
    """Count who waits for a channel: senders and receivers."""

    def count(channel):
        sending, receiving = re.search(r"(\d+) sending, (\d+) receiving", repr(channel)).groups()
        return int(sending), int(receiving)

    return count


@pytest.fixture
def pool():
    with ThreadPoolExecutor(8) as pool:
        yield pool


@pytest.fixture
def hasty_threads():
    """Let threads take turns as often as they can."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


def until(condition):
    """Let other threads run until something is so."""
    pause = threading.Event()
    for _ in range(5000):
        if condition():
            return
        pause.wait(0.001)
    pytest.fail("it did not happen within 5 seconds")


@pytest.fixture
def wait_for(queues):
    """Wait until so many wait for a channel: senders and receivers."""

    def wait(channel, *expected):
        until(lambda: queues(channel) == expected)

    return wait
