"""The loop's lag is what everything that is ready waits for its turn."""

import asyncio
import time

import pytest

from kitfox import fail_after
from kitfox.health import LoopLag


def now():
    return asyncio.get_running_loop().time()


async def until(holds):
    async with fail_after(10.0):
        while not holds():
            await asyncio.sleep(0.002)


async def test_a_loop_that_was_blocked_is_late():
    async with LoopLag(every=0.01) as lag:
        time.sleep(0.2)
        assert lag(now()) >= 0.15
        await until(lambda: lag(now()) < 0.15)


async def test_it_is_late_already_while_it_is_blocked():
    async with LoopLag(every=0.01) as lag:
        assert lag(now() + 5.0) >= 4.9


async def test_what_was_measured_last_holds_until_the_next_look():
    async with LoopLag(every=0.1) as lag:
        time.sleep(0.3)
        await asyncio.sleep(0)
        assert lag(now()) >= 0.15


async def test_nothing_is_measured_outside_of_the_block():
    lag = LoopLag(every=0.01)
    assert lag(now() + 100.0) == 0.0
    async with lag:
        pass
    assert lag(now() + 100.0) == 0.0
    async with lag:  # and it may be entered again
        assert lag(now() + 100.0) > 99.0


async def test_it_is_entered_once_at_a_time():
    async with LoopLag() as lag:
        with pytest.raises(RuntimeError, match="already"):
            await lag.__aenter__()


@pytest.mark.parametrize("every", [0.0, -1.0])
def test_a_time_between_looks_is_above_zero(every):
    with pytest.raises(ValueError, match="every"):
        LoopLag(every=every)
