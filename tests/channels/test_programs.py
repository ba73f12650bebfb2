"""Programs of tasks that nobody would write: whatever they do, and whoever is cancelled when.

What must be so, for each channel:

- Items are received in the order in which they were offered, and so none is received twice.
- All that was sent is received in the end; and nothing else, but for items of cancelled senders.
- When nothing moves any more, nobody waits for what is there; when all is closed, nobody waits.

`KITFOX_FUZZ_SECONDS=600 pytest tests/channels/test_programs.py` goes on for so long.
"""

import asyncio
import contextlib
import itertools
import os
import random
import time

from hypothesis import given, seed, settings, strategies as st

from kitfox.channels import (
    Channel,
    ChannelClosed,
    Sending,
    ThreadChannel,
    WouldBlock,
    select,
    select_nowait,
)
from kitfox.testing import VirtualClock

SECONDS = float(os.environ.get("KITFOX_FUZZ_SECONDS", "0"))
EXAMPLES = 100
CHANNELS = 3
SHORT, LONG = 1.0, 100.0

places = st.integers(0, CHANNELS - 1)
ways = st.tuples(st.sampled_from(["send", "receive"]), places)
steps = st.one_of(
    ways,
    st.tuples(st.just("select"), st.lists(ways, min_size=1, max_size=4)),
    st.tuples(st.just("select in time"), st.lists(ways, max_size=3)),
    st.tuples(st.just("select now"), st.lists(ways, max_size=3)),
)
moves = st.one_of(
    st.tuples(st.just("task"), st.lists(steps, min_size=1, max_size=4)),
    st.tuples(st.just("task"), st.lists(ways, min_size=1, max_size=6)),
    st.tuples(st.just("turn"), st.sampled_from([0, 0, 0, SHORT / 2])),
    st.tuples(st.just("cancel"), st.integers(0, 9)),
    st.tuples(st.sampled_from(["send now", "send now", "receive now", "close"]), places),
)


@st.composite
def worlds(draw):
    sizes = draw(st.lists(st.integers(0, 2), min_size=CHANNELS, max_size=CHANNELS))
    kinds = st.sampled_from([Channel, Channel, Channel, ThreadChannel])
    return World([draw(kinds)(size) for size in sizes], draw(st.integers(0, 99)))


class World:
    """The channels of one program, its tasks, and a ledger of what went in and what came out."""

    def __init__(self, channels, chance):
        self.channels = channels
        self.draw = random.Random(chance).random
        self.tasks = []
        self.items = itertools.count()
        self.sent, self.unsure = set(), set()
        self.received = [[] for _ in channels]

    async def run(self, program):
        for name, subject in program:
            await self.do(name, subject)

    async def work(self, program):
        for name, subject in program:
            with contextlib.suppress(ChannelClosed, WouldBlock):
                await self.do(name, subject)

    async def do(self, name, subject):
        await getattr(self, name.replace(" ", "_"))(subject)

    # ------------------------------------------------------------------- what the driver does

    async def task(self, program):
        self.tasks.append(asyncio.create_task(self.work(program)))

    async def turn(self, seconds):
        await asyncio.sleep(seconds)

    async def cancel(self, number):
        if number < len(self.tasks):
            self.tasks[-1 - number].cancel()

    async def close(self, place):
        with contextlib.suppress(ChannelClosed):
            self.channels[place].close()

    async def send_now(self, place):
        item = next(self.items)
        with contextlib.suppress(ChannelClosed, WouldBlock):
            self.channels[place].send_nowait(item)
            self.sent.add(item)

    async def receive_now(self, place):
        with contextlib.suppress(ChannelClosed, WouldBlock):
            self.received[place].append(self.channels[place].receive_nowait())

    # ---------------------------------------------------------------------- what the tasks do

    async def send(self, place):
        item = next(self.items)
        with self.offering(item):
            await self.channels[place].send(item)
            self.sent.add(item)

    async def receive(self, place):
        self.received[place].append(await self.channels[place].receive())

    async def select(self, ways):
        cases = self.cases(ways)
        with self.offering(*cases.values()):
            self.note(await select(*cases, draw=self.draw), cases)

    async def select_in_time(self, ways):
        cases = self.cases(ways)
        with self.offering(*cases.values()):
            self.note(await select(None, *cases, timeout=SHORT, draw=self.draw), cases)

    async def select_now(self, ways):
        cases = self.cases(ways)
        self.note(select_nowait(*cases, draw=self.draw), cases)

    def cases(self, ways):
        """Make a select's cases, each with its item, or its channel's place if it receives.

        None of them receives where another sends, so that two who wait for each other are a fault.
        """
        sends = {place for name, place in ways if name == "send"}
        cases = {}
        for name, place in ways:
            if name == "send":
                item = next(self.items)
                cases[self.channels[place].sending(item)] = item
            elif place not in sends:
                cases[self.channels[place].receiving()] = self.received[place]
        return cases

    def note(self, done, cases):
        if isinstance(done, Sending):
            self.sent.add(cases[done])
        elif done is not None and done.ok:
            cases[done].append(done.value)

    @contextlib.contextmanager
    def offering(self, *items):
        try:
            yield
        except asyncio.CancelledError:
            self.unsure.update(item for item in items if isinstance(item, int))
            raise

    # ---------------------------------------------------------------------------- what must be so

    async def rest(self):
        """Wait until nothing moves any more: then time jumps."""
        await asyncio.sleep(LONG)

    async def end(self, queues):
        await self.rest()
        for channel in self.channels:
            senders, receivers = queues(channel)
            assert not (senders and receivers), channel
            assert not (receivers and len(channel)), channel
            assert not (senders and len(channel) < channel.capacity), channel
        for place in range(CHANNELS):
            await self.close(place)
        await self.rest()
        assert all(task.done() for task in self.tasks), self.channels
        await self.drain()
        assert [queues(channel) for channel in self.channels] == [(0, 0)] * CHANNELS
        for task in self.tasks:
            assert task.cancelled() or task.exception() is None

    async def drain(self):
        for channel, received in zip(self.channels, self.received, strict=True):
            received.extend([item async for item in channel])

    def check_the_ledger(self):
        for received in self.received:
            assert received == sorted(set(received))
        received = set().union(*self.received)
        assert self.sent <= received, f"lost: {self.sent - received}"
        assert received <= self.sent | self.unsure, f"from nowhere: {received - self.sent}"


def run(world, program, queues):
    async def main():
        await world.run(program)
        await world.end(queues)

    with asyncio.Runner(loop_factory=VirtualClock) as runner:
        runner.run(main())
    world.check_the_ledger()


def test_no_item_is_lost_or_doubled_or_overtaken_and_nobody_is_left_waiting(queues):
    @settings(max_examples=EXAMPLES, database=None, deadline=None)
    @given(worlds(), st.lists(moves, max_size=40))
    def check(world, program):
        run(world, program, queues)

    end = time.monotonic() + SECONDS
    for number in itertools.count():
        seed(number)(check)()
        if time.monotonic() >= end:
            break
