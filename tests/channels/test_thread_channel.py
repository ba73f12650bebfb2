"""Between threads and loops: the same rules, whoever waits how."""

import asyncio
import contextlib
import itertools
import random
import signal
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from kitfox.channels import Channel, ChannelClosed, ThreadChannel, WouldBlock, select, select_nowait
from kitfox.scope import fail_after


def test_threads_meet(pool, wait_for):
    channel = ThreadChannel()
    receiving = pool.submit(channel.receive_blocking)
    wait_for(channel, 0, 1)
    channel.send_blocking("a", timeout=5)
    assert receiving.result(5) == "a"


def test_without_room_a_sending_thread_waits(pool, wait_for):
    channel = ThreadChannel()
    sending = pool.submit(channel.send_blocking, "a")
    wait_for(channel, 1, 0)
    assert not sending.done()
    assert channel.receive_blocking(timeout=5) == "a"
    assert sending.result(5) is None


def test_with_room_nobody_waits_until_it_is_full():
    channel = ThreadChannel(2)
    channel.send_blocking("a")
    channel.send_nowait("b")
    assert (len(channel), channel.capacity) == (2, 2)
    with pytest.raises(WouldBlock):
        channel.send_nowait("c")
    assert channel.receive_blocking() == "a"
    assert channel.receive_nowait() == "b"
    with pytest.raises(WouldBlock):
        channel.receive_nowait()


def test_a_thread_whose_time_is_up_has_done_nothing(queues):
    channel = ThreadChannel()
    with pytest.raises(TimeoutError, match=r"within 0\.01 seconds"):
        channel.send_blocking("a", timeout=0.01)
    with pytest.raises(TimeoutError):
        channel.receive_blocking(timeout=0)
    assert queues(channel) == (0, 0)


def test_closing_wakes_all_threads_that_wait(pool, wait_for):
    full, empty = ThreadChannel(), ThreadChannel()
    sending = pool.submit(full.send_blocking, "a")
    receiving = pool.submit(empty.receive_blocking)
    wait_for(full, 1, 0)
    wait_for(empty, 0, 1)
    full.close()
    empty.close()
    for waiting in (sending, receiving):
        with pytest.raises(ChannelClosed):
            waiting.result(5)
    with pytest.raises(ChannelClosed):
        empty.close()
    with pytest.raises(ChannelClosed):
        empty.receive_nowait()
    with pytest.raises(ChannelClosed):
        empty.send_blocking("a")


def test_a_thread_goes_through_a_channel_until_it_is_closed(pool):
    channel = ThreadChannel()
    collecting = pool.submit(list, channel)
    for item in range(100):
        channel.send_blocking(item, timeout=5)
    channel.close()
    assert collecting.result(5) == list(range(100))


def test_a_shared_channel_says_how_it_stands():
    channel = ThreadChannel(2)
    assert channel
    assert repr(channel) == "<ThreadChannel 0/2, 0 sending, 0 receiving>"


async def test_a_thread_that_runs_a_loop_is_not_stopped():
    channel = ThreadChannel(1)
    with pytest.raises(RuntimeError, match=r"await send\(\) or receive\(\)"):
        channel.send_blocking("a")
    with pytest.raises(RuntimeError, match=r"await send\(\) or receive\(\)"):
        channel.receive_blocking()


async def test_a_thread_and_a_task_talk_to_each_other():
    questions, answers = ThreadChannel(), ThreadChannel()

    def answer():
        for question in questions:
            answers.send_blocking(question.upper(), timeout=5)
        answers.close()

    async with fail_after(5), asyncio.TaskGroup() as group:
        group.create_task(asyncio.to_thread(answer))
        for question in ("a", "b"):
            await questions.send(question)
            assert await answers.receive() == question.upper()
        questions.close()
        assert await answers.receive_ok() == (None, False)


async def test_two_loops_talk_to_each_other():
    channel = ThreadChannel()

    async def send():
        for item in range(100):
            await channel.send(item)
        channel.close()

    async with fail_after(5), asyncio.TaskGroup() as group:
        group.create_task(asyncio.to_thread(asyncio.run, send()))
        assert [item async for item in channel] == list(range(100))


async def test_tasks_of_one_loop_may_use_it_too():
    channel = ThreadChannel()
    async with fail_after(5), asyncio.TaskGroup() as group:
        group.create_task(channel.send("a"))
        assert await channel.receive_ok() == ("a", True)
    channel.close()
    with pytest.raises(ChannelClosed):
        await channel.receive()
    with pytest.raises(ChannelClosed):
        await channel.send("a")


async def test_a_select_may_mix_both_kinds(pool, queues):
    shared, own = ThreadChannel(), Channel()
    there, here = shared.receiving(), own.receiving()
    async with fail_after(5):
        sending = pool.submit(shared.send_blocking, "from a thread")
        assert await select(there, here) is there
        assert there.value == "from a thread"
        sending.result(5)
        async with asyncio.TaskGroup() as group:
            group.create_task(own.send("from a task"))
            assert await select(there, here) is here
    assert (queues(shared), queues(own)) == ((0, 0), (0, 0))
    assert select_nowait(there, here) is None


async def test_a_shared_select_whose_time_is_up_has_done_nothing(queues):
    channel, other = ThreadChannel(), ThreadChannel()
    async with fail_after(5):
        assert await select(channel.sending("a"), other.receiving(), timeout=0.001) is None
    assert (queues(channel), queues(other)) == ((0, 0), (0, 0))


async def test_a_cancelled_task_leaves_what_a_thread_sent_it_to_the_next(start, queues):
    channel = ThreadChannel()
    receiving = await start(channel.receive())
    channel.send_nowait("a")
    receiving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await receiving
    assert channel.receive_nowait() == "a"
    waiting = await start(channel.send("b"))
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert queues(channel) == (0, 0)


async def test_a_thread_closes_out_the_tasks_that_wait(start, pool):
    full, empty = ThreadChannel(), ThreadChannel()
    sending, receiving = await start(full.send("a")), await start(empty.receive_ok())
    async with fail_after(5):
        for channel in (full, empty):
            pool.submit(channel.close)
        assert await receiving == (None, False)
        with pytest.raises(ChannelClosed):
            await sending


class Interrupt(BaseException):
    """What a signal's handler raises into the thread that waits."""


@pytest.fixture
def interrupt(wait_for):
    """Interrupt this thread when it waits for a channel; `first` runs right before."""
    kept = signal.getsignal(signal.SIGUSR1)
    pool = ThreadPoolExecutor(1)

    def prepare(channel, waiting, first):
        def handle(*_):
            first()
            raise Interrupt

        def send_signal():
            wait_for(channel, *waiting)
            signal.pthread_kill(threading.main_thread().ident, signal.SIGUSR1)

        signal.signal(signal.SIGUSR1, handle)
        pool.submit(send_signal)

    yield prepare
    pool.shutdown()
    signal.signal(signal.SIGUSR1, kept)


def test_a_thread_interrupted_when_its_item_had_come_leaves_it_in_the_channel(interrupt):
    channel = ThreadChannel()
    interrupt(channel, (0, 1), lambda: channel.send_nowait("a"))
    with pytest.raises(Interrupt):
        channel.receive_blocking(timeout=5)
    assert channel.receive_nowait() == "a"


def test_an_interrupted_thread_leaves_its_place(interrupt, queues):
    channel = ThreadChannel()
    interrupt(channel, (0, 1), lambda: None)
    with pytest.raises(Interrupt):
        channel.receive_blocking(timeout=5)
    interrupt(channel, (1, 0), lambda: None)
    with pytest.raises(Interrupt):
        channel.send_blocking("a", timeout=5)
    assert queues(channel) == (0, 0)


# ------------------------------------------------------------------------------------ under fire


class Crowd:
    """Threads and loops that send and receive, give up and try again; who did what is noted."""

    def __init__(self, seed, capacity):
        self.seed = seed
        self.channels = [ThreadChannel(capacity) for _ in range(2)]
        self.sent, self.received = [], []

    def send(self, first, count):
        draw = random.Random(f"{self.seed} {first}")
        for item in range(first, first + count):
            channel = draw.choice(self.channels)
            while True:
                try:
                    channel.send_blocking(item, timeout=draw.choice([0.0, 0.0005, 5.0]))
                except TimeoutError:
                    continue
                break
            self.sent.append(item)

    def receive(self, channel):
        draw = random.Random(f"{self.seed} receive")
        while True:
            try:
                self.received.append(channel.receive_blocking(timeout=draw.choice([0.0005, 5.0])))
            except TimeoutError:
                continue
            except ChannelClosed:
                return

    async def send_as_task(self, first, count):
        draw = random.Random(f"{self.seed} {first}")
        for item in range(first, first + count):
            cases = [channel.sending(item) for channel in self.channels]
            while await select(*cases, timeout=draw.choice([0.0, 0.0005, 5.0])) is None:
                pass
            self.sent.append(item)

    async def receive_as_task(self):
        draw = random.Random(f"{self.seed} receive as task")
        cases = [channel.receiving() for channel in self.channels]
        while cases:
            try:
                async with fail_after(draw.choice([0.0005, 0.001, 5.0])):
                    case = await select(*cases)
            except TimeoutError:
                continue
            if case.ok:
                self.received.append(case.value)
            else:
                cases.remove(case)


@pytest.mark.parametrize("capacity", [0, 1, 3])
def test_between_threads_and_loops_nothing_is_lost_or_doubled(capacity):
    crowd = Crowd(seed=capacity, capacity=capacity)
    with ThreadPoolExecutor(8) as pool:
        receivers = [pool.submit(crowd.receive, channel) for channel in crowd.channels]
        receivers += [pool.submit(asyncio.run, crowd.receive_as_task()) for _ in range(2)]
        senders = [pool.submit(crowd.send, 1000 * number, 150) for number in range(2)]
        senders += [
            pool.submit(asyncio.run, crowd.send_as_task(1000 * number, 150)) for number in (2, 3)
        ]
        for sender in senders:
            sender.result(60)
        for channel in crowd.channels:
            channel.close()
        for receiver in receivers:
            receiver.result(60)
    assert len(crowd.sent) == 600
    assert sorted(crowd.received) == sorted(crowd.sent)


class Flood:
    """Sends for as long as it can, from threads and loops; notes what was sent."""

    def __init__(self, channel):
        self.channel = channel
        self.sent = []
        self.running = threading.Event()

    def send(self, first):
        with contextlib.suppress(ChannelClosed):
            for item in itertools.count(first, 4):
                self.channel.send_blocking(item, timeout=5)
                self.note(item)

    async def send_as_task(self, first):
        with contextlib.suppress(ChannelClosed):
            for item in itertools.count(first, 4):
                await self.channel.send(item)
                self.note(item)

    def note(self, item):
        self.sent.append(item)
        if len(self.sent) > 200:
            self.running.set()


async def collect(channel):
    return [item async for item in channel]


@pytest.mark.parametrize("capacity", [0, 3])
def test_a_close_under_fire_loses_nothing_that_was_sent(pool, capacity):
    channel = ThreadChannel(capacity)
    flood = Flood(channel)
    receivers = [pool.submit(list, channel), pool.submit(asyncio.run, collect(channel))]
    senders = [pool.submit(flood.send, first) for first in (0, 1)]
    senders += [pool.submit(asyncio.run, flood.send_as_task(first)) for first in (2, 3)]
    assert flood.running.wait(5)
    channel.close()
    for sender in senders:
        sender.result(5)
    received = [item for receiver in receivers for item in receiver.result(5)]
    assert sorted(received) == sorted(flood.sent)


def test_selects_that_name_channels_in_another_order_do_not_hold_each_other_up(hasty_threads):
    one, other = ThreadChannel(), ThreadChannel()

    def look(*order):
        for _ in range(3000):
            select_nowait(*(channel.receiving() for channel in order))

    threads = [
        threading.Thread(target=look, args=order, daemon=True)
        for order in ((one, other), (other, one))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not any(thread.is_alive() for thread in threads)
