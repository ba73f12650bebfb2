"""Loops that are closed while their tasks wait: nobody else is held up, and nothing is lost."""

import asyncio
import gc
import threading

import pytest

from kitfox.channels import ThreadChannel, WouldBlock


@pytest.fixture
def doomed():
    """Let a task begin in a loop that will be closed under it."""
    loops = []

    def begin(work):
        loops.append(asyncio.new_event_loop())
        loops[-1].set_exception_handler(lambda *_: None)  # it would tell of tasks that never end
        task = loops[-1].create_task(work)
        loops[-1].run_until_complete(asyncio.sleep(0))
        return loops[-1], task

    yield begin
    for loop in loops:
        loop.close()


def test_who_waited_to_receive_is_passed_over(doomed, pool, wait_for):
    channel = ThreadChannel()
    loop, task = doomed(channel.receive())
    wait_for(channel, 0, 1)
    loop.close()
    with pytest.raises(WouldBlock):
        channel.send_nowait("a")
    receiving = pool.submit(channel.receive_blocking)
    wait_for(channel, 0, 1)
    channel.send_nowait("b")
    assert receiving.result(5) == "b"
    task.get_coro().close()


def test_who_was_promised_an_item_gives_it_back(doomed):
    channel = ThreadChannel()
    loop, task = doomed(channel.receive())
    channel.send_nowait("a")
    loop.close()
    with pytest.raises(WouldBlock):
        channel.receive_nowait()
    task.get_coro().close()
    assert channel.receive_nowait() == "a"


def test_who_waited_to_send_has_sent_nothing(doomed):
    channel = ThreadChannel()
    loop, task = doomed(channel.send("a"))
    loop.close()
    with pytest.raises(WouldBlock):
        channel.receive_nowait()
    task.get_coro().close()


class TidyLoop(asyncio.SelectorEventLoop):
    """Collects garbage whenever a thread calls in, as may happen wherever memory is asked for."""

    def call_soon_threadsafe(self, *args, **kwargs):
        handle = super().call_soon_threadsafe(*args, **kwargs)
        gc.collect()
        return handle


def test_what_comes_back_in_the_middle_of_a_close_goes_to_the_next_who_waits(
    doomed, pool, wait_for
):
    channel = ThreadChannel()
    loop, task = doomed(channel.receive())
    gc.disable()
    try:
        channel.send_nowait("a")
        loop.close()
        del task  # now only a collection will find it
        tidy = TidyLoop()
        receiving = tidy.create_task(channel.receive_ok())
        tidy.run_until_complete(asyncio.sleep(0))
        behind = pool.submit(channel.receive_blocking, timeout=5.0)
        wait_for(channel, 0, 2)
        closing = threading.Thread(target=channel.close, daemon=True)
        closing.start()
        closing.join(5)
        assert not closing.is_alive()
        assert behind.result(5) == "a"
        assert tidy.run_until_complete(receiving) == (None, False)
        tidy.close()
    finally:
        gc.enable()
