"""Time that jumps, and what it refuses to jump over."""

import asyncio
import threading
from functools import partial

import pytest

from kitfox.scope import current_deadline, fail_after
from kitfox.testing import Deadlock, VirtualClock, virtual_time

HOUR = 3600.0


def now():
    return asyncio.get_running_loop().time()


async def test_an_hour_is_over_at_once():
    begun = now()
    await asyncio.sleep(HOUR)
    assert now() == begun + HOUR


async def test_timers_come_in_their_order():
    came = []

    async def nap(seconds):
        await asyncio.sleep(seconds)
        came.append((seconds, now() - begun))

    begun = now()
    await asyncio.gather(nap(30.0), nap(0.5), nap(7 * 24 * HOUR))
    assert [seconds for seconds, _ in came] == [0.5, 30.0, 7 * 24 * HOUR]
    assert [after for _, after in came] == pytest.approx([0.5, 30.0, 7 * 24 * HOUR])


async def test_time_stands_still_while_something_runs():
    begun = now()
    for _ in range(1000):
        await asyncio.sleep(0)
    assert now() == begun


async def test_a_deadline_comes_when_it_is_due():
    begun = now()
    with pytest.raises(TimeoutError):
        async with fail_after(30.0):
            await asyncio.Event().wait()
    assert now() == begun + 30.0
    assert current_deadline() is None


async def test_what_is_sent_to_a_thread_runs_here_and_takes_no_time():
    begun = now()
    assert await asyncio.to_thread(threading.get_ident) == threading.get_ident()
    with pytest.raises(ValueError, match="invalid literal"):
        await asyncio.to_thread(int, "fox")
    assert now() == begun


async def test_another_thread_may_wake_the_loop():
    woken = asyncio.Event()
    loop = asyncio.get_running_loop()
    thread = threading.Thread(target=loop.call_soon_threadsafe, args=[woken.set])
    thread.start()
    thread.join()
    await woken.wait()


async def test_a_socket_is_refused():
    with pytest.raises(RuntimeError, match="use the memory wire"):
        await asyncio.open_connection("127.0.0.1", 1)


async def test_a_process_is_refused_before_it_starts(tmp_path):
    for start in (
        asyncio.create_subprocess_exec("touch", str(tmp_path / "here")),
        asyncio.create_subprocess_shell(f"touch {tmp_path}/here"),
    ):
        with pytest.raises(RuntimeError, match="processes"):
            await start
    assert list(tmp_path.iterdir()) == []


def test_a_deadlock_says_who_waits_and_where():
    async def main():
        waiter = asyncio.create_task(asyncio.Event().wait(), name="the waiter")
        await asyncio.sleep(12.5)
        await waiter

    with pytest.raises(Deadlock, match=r"after 12.5 s: Task-\d+ waits at .*\.py:\d+; the waiter"):
        virtual_time(main)()


def test_a_deadlock_of_very_many_names_some():
    async def main():
        await asyncio.gather(*(asyncio.Event().wait() for _ in range(99)))

    with pytest.raises(Deadlock, match=r"; and 90 more$"):
        virtual_time(main)()


def test_who_polls_without_sleeping_stops_the_time_and_is_told_so():
    async def main():
        async with fail_after(5.0):
            while True:
                await asyncio.sleep(0)

    with (
        pytest.raises(Deadlock, match="no time passes after 0 s, something polls: Task"),
        asyncio.Runner(loop_factory=partial(VirtualClock, turns=1000)) as runner,
    ):
        runner.run(main())


def test_after_a_deadlock_all_tasks_are_cancelled():
    ended = []

    async def main():
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(now())

    with pytest.raises(Deadlock):
        virtual_time(main)()
    assert ended == [0.0]


def test_a_coroutine_function_becomes_a_plain_one():
    @virtual_time
    async def after(seconds, *, what):
        """Say something, later."""
        await asyncio.sleep(seconds)
        return what, now()

    assert after(HOUR, what="done") == ("done", HOUR)
    assert after.__doc__ == "Say something, later."


def test_the_loop_does_for_any_runner():
    async def main():
        await asyncio.sleep(HOUR)
        return now()

    with asyncio.Runner(loop_factory=VirtualClock) as runner:
        assert runner.run(main()) == HOUR
        assert runner.run(main()) == 2 * HOUR
