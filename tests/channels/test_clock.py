"""When the time comes, what is dropped, and what stop and reset take back."""

import asyncio

import pytest

from kitfox.channels import Ticker, Timer, WouldBlock, after, select
from kitfox.channels._clock import next_tick
from kitfox.testing import virtual_time


def now():
    return asyncio.get_running_loop().time()


def nothing_comes_from(channel):
    with pytest.raises(WouldBlock):
        channel.receive_nowait()


@virtual_time
async def test_a_timer_sends_the_time_once():
    timer = Timer(5.0)
    assert await timer.channel.receive() == 5.0
    await asyncio.sleep(100)
    nothing_comes_from(timer.channel)
    assert not timer.stop()


@virtual_time
async def test_a_timer_that_was_stopped_sends_nothing():
    timer = Timer(5.0)
    assert timer.stop()
    assert not timer.stop()
    await asyncio.sleep(100)
    nothing_comes_from(timer.channel)


@virtual_time
async def test_to_stop_a_timer_takes_back_what_nobody_has_received():
    timer = Timer(5.0)
    await asyncio.sleep(10)
    assert timer.stop()
    nothing_comes_from(timer.channel)


@virtual_time
async def test_to_reset_a_timer_takes_back_what_nobody_has_received():
    timer = Timer(5.0)
    await asyncio.sleep(10)
    assert timer.reset(5.0)
    assert await timer.channel.receive() == 15.0
    assert not timer.reset(1.0)
    assert await timer.channel.receive() == 16.0


@virtual_time
async def test_a_timer_stops_with_its_block():
    timer = Timer(5.0)
    with timer as times:
        assert await times.receive() == 5.0
        timer.reset(5.0)
    assert not timer.stop()


@virtual_time
async def test_a_timer_of_no_time_fires_at_once():
    assert await Timer(-1.0).channel.receive() == 0.0


@virtual_time
async def test_after_is_the_channel_of_a_timer():
    first, second = after(2.0).receiving(), after(1.0).receiving()
    assert await select(first, second) is second
    assert second.value == 1.0
    assert await select(first) is first


@virtual_time
async def test_a_ticker_sends_the_time_again_and_again():
    with Ticker(0.5) as ticks:
        assert [await ticks.receive() for _ in range(3)] == [0.5, 1.0, 1.5]


@virtual_time
async def test_a_reader_that_is_slow_gets_the_oldest_tick_and_misses_the_others():
    with Ticker(1.0) as ticks:
        await asyncio.sleep(3.5)
        assert ticks.receive_nowait() == 1.0
        nothing_comes_from(ticks)
        assert await ticks.receive() == 4.0


@virtual_time
async def test_a_ticker_that_was_stopped_sends_nothing_and_stays_open():
    ticker = Ticker(1.0)
    await asyncio.sleep(1.5)
    assert ticker.stop()
    await asyncio.sleep(10)
    nothing_comes_from(ticker.channel)


@virtual_time
async def test_a_ticker_may_change_its_period():
    ticker = Ticker(1.0)
    await asyncio.sleep(1.5)
    ticker.reset(10.0)
    with ticker as ticks:
        assert [await ticks.receive() for _ in range(2)] == [11.5, 21.5]


@virtual_time
async def test_a_ticker_that_was_stopped_may_begin_anew():
    ticker = Ticker(1.0)
    ticker.stop()
    ticker.reset(2.0)
    with ticker as ticks:
        assert await ticks.receive() == 2.0


@pytest.mark.parametrize("period", [0, -1.0])
async def test_a_period_is_above_zero(period):
    with pytest.raises(ValueError, match="expected a period above 0 seconds"):
        Ticker(period)
    ticker = Ticker(3600.0)
    with pytest.raises(ValueError, match="expected a period above 0 seconds"):
        ticker.reset(period)
    assert ticker.stop()


@pytest.mark.parametrize(
    ("due", "now", "expected"),
    [
        (10.0, 10.0, 12.0),  # in time
        (10.0, 10.5, 12.0),  # a little late
        (10.0, 12.0, 14.0),  # the next would be now
        (10.0, 15.5, 16.0),  # two were missed
        (10.0, 9.9, 12.0),  # a loop may fire a little early, within its clock's resolution
    ],
)
def test_ticks_that_a_busy_loop_is_too_late_for_are_left_out(due, now, expected):
    assert next_tick(due, 2.0, now) == expected
