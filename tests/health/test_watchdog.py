"""The watchdog tells what blocks the loop, while it does; blocked loops are real ones here."""

import asyncio
import inspect
import logging
import threading

import pytest

from kitfox.health import Watchdog
from kitfox.health._stacks import in_debugger

QUICK = {"dump_after": 0.04, "dead_after": 0.08}
PATIENCE = 10.0


class Records(logging.Handler):
    """Keeps what is logged, and lets any thread wait for it."""

    def __init__(self):
        super().__init__()
        self.said = []
        self.blocked = threading.Event()

    def emit(self, record):
        self.said.append(record.getMessage())
        if record.levelno == logging.ERROR:
            self.blocked.set()


@pytest.fixture
def records():
    handler, log = Records(), logging.getLogger("kitfox.health")
    log.addHandler(handler)
    yield handler
    log.removeHandler(handler)


def block(until):
    """Let the loop do nothing else."""
    assert until.wait(PATIENCE)


async def culprit(until):
    block(until)


async def test_the_stack_and_the_task_that_block_the_loop_are_logged_and_then_the_end(
    records, eventually
):
    async with Watchdog(**QUICK):
        await asyncio.create_task(culprit(records.blocked), name="guilty")
        await eventually(lambda: len(records.said) == 2)
    blocked, over = records.said
    assert "by guilty culprit, at" in blocked
    assert "in culprit" in blocked
    assert "in block" in blocked
    assert over.startswith("the event loop runs again; it was blocked for ")


async def test_the_loop_is_dead_while_it_is_blocked_for_too_long(eventually):
    async with Watchdog(**QUICK) as watchdog:
        died = threading.Event()

        def watch():
            while not watchdog.why_dead:
                died.wait(0.001)
            died.set()

        onlooker = threading.Thread(target=watch)
        onlooker.start()
        block(died)
        onlooker.join()
        assert "has been blocked for" in (watchdog.why_dead or "has been blocked for")
        await eventually(lambda: watchdog.why_dead is None)


async def test_a_log_that_does_not_take_the_news_does_not_hold_up_the_watchdog(eventually):
    stuck, log = threading.Event(), logging.getLogger("kitfox.health")

    class Stuck(logging.Handler):
        def emit(self, record):
            stuck.wait(PATIENCE)

    log.addHandler(handler := Stuck())
    try:
        async with Watchdog(**QUICK) as watchdog:
            died = threading.Event()
            threading.Thread(target=lambda: (until_dead(watchdog), died.set())).start()
            block(died)
            stuck.set()
    finally:
        log.removeHandler(handler)


def until_dead(watchdog):
    pause = threading.Event()
    while not watchdog.why_dead:
        pause.wait(0.001)


async def test_a_loop_that_waits_is_not_blocked(records):
    async with Watchdog(dump_after=0.5, dead_after=0.5) as watchdog:
        await asyncio.sleep(1.0)
        assert watchdog.why_dead is None
    assert records.said == []


async def test_a_watchdog_is_entered_once_at_a_time():
    watchdog = Watchdog()
    async with watchdog:
        with pytest.raises(RuntimeError, match="already"):
            await watchdog.__aenter__()
    async with watchdog:
        pass


def test_a_watchdog_that_was_left_by_a_closed_loop_watches_the_next_one_anew():
    watchdog = Watchdog(dump_after=0.5, dead_after=0.5)
    loop = asyncio.new_event_loop()
    loop.run_until_complete(watchdog.__aenter__())
    loop.close()  # it was asked for a sign, and has given none

    async def live():
        await watchdog.__aexit__()
        async with watchdog:
            await asyncio.sleep(1.0)
            assert watchdog.why_dead is None

    asyncio.run(live())


def test_a_loop_that_is_closed_lets_its_watchdog_go():
    loop, watchdog = asyncio.new_event_loop(), Watchdog(**QUICK)
    loop.run_until_complete(watchdog.__aenter__())
    loop.close()  # and nothing is left: the house looks


def test_a_person_with_a_debugger_is_no_blockage():
    found = []
    names = {"look": lambda: found.append(in_debugger(inspect.currentframe()))}
    exec("look()", names)
    exec("look()", {**names, "__name__": "pdb"})  # as code of the debugger's would
    assert found == [False, True]
