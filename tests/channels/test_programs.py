"""Programs of tasks that nobody would write: whatever they do, and whoever is cancelled when.

What must be so, for each channel:

- Items are received in the order in which they were offered, and so none is received twice.
- All that was sent is received in the end; and nothing else, but for items of cancelled senders.
- Who waits to receive is served in the order of coming.
- When nothing moves any more, nobody waits for what is there, and the queues hold exactly those
  who wait; when all is closed, nobody does.
"""

import asyncio
import collections
import contextlib
import itertools
import random

from hypothesis import given, settings, strategies as st

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

EXAMPLES = 300
LENGTH = 200  # of a program, in numbers
CHANNELS = 3
SHORT, LONG = 1.0, 100.0

MOVES = ("turn",) * 6 + ("task",) * 8 + ("cancel",) * 6 + ("send now",) * 4 + ("receive now",) * 2
MOVES += ("pause", "close")
STEPS = ("receive",) * 4 + ("send",) * 4 + ("select",) * 3 + ("select in time", "select now")


class Script:
    """A program, written as numbers: what to do with what. Hypothesis is quick at these."""

    def __init__(self, numbers):
        self.numbers = iter(numbers)

    def choose(self, choices):
        return choices[next(self.numbers) % len(choices)]

    def channels(self):
        kinds = [self.choose((Channel, Channel, ThreadChannel)) for _ in range(CHANNELS)]
        return [kind(self.choose((0, 0, 1, 2))) for kind in kinds]

    def moves(self):
        with contextlib.suppress(StopIteration):
            while True:
                yield self.move(self.choose(MOVES))

    def move(self, name):
        if name == "task":
            return name, [self.step(self.choose(STEPS)) for _ in range(self.choose((1, 2, 5)))]
        return name, None if name in {"turn", "pause"} else next(self.numbers)

    def step(self, name):
        if "select" in name:
            return name, [self.way() for _ in range(self.choose((1, 2, 3, 4)))]
        return name, self.choose(range(CHANNELS))

    def way(self):
        return self.choose(("receive", "send")), self.choose(range(CHANNELS))


class World:
    """The channels of one program, its tasks, and a ledger of what went in and what came out."""

    def __init__(self, channels):
        self.channels = channels
        self.draw = random.Random(1).random
        self.tasks = []
        self.items = itertools.count()
        self.sent, self.unsure = set(), set()
        self.received = [[] for _ in channels]
        self.waiting = collections.Counter()  # for each way, those that have begun
        self.came = itertools.count()
        self.served = [[] for _ in channels]  # when those came who had to wait

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

    async def turn(self, _):
        await asyncio.sleep(0)

    async def pause(self, _):
        await asyncio.sleep(SHORT / 2)

    async def cancel(self, number):
        if running := [task for task in self.tasks if not task.done()]:
            running[number % len(running)].cancel()

    async def close(self, number):
        with contextlib.suppress(ChannelClosed):
            self.channels[number % CHANNELS].close()

    async def send_now(self, number):
        item = next(self.items)
        with contextlib.suppress(ChannelClosed, WouldBlock):
            self.channels[number % CHANNELS].send_nowait(item)
            self.sent.add(item)

    async def receive_now(self, number):
        place = number % CHANNELS
        with contextlib.suppress(ChannelClosed, WouldBlock):
            self.received[place].append(self.channels[place].receive_nowait())

    # ---------------------------------------------------------------------- what the tasks do

    async def send(self, place):
        item = next(self.items)
        with self.begun(("send", place)), self.offering(item):
            await self.channels[place].send(item)
            self.sent.add(item)

    async def receive(self, place):
        came, turned = next(self.came), []
        asyncio.get_running_loop().call_soon(turned.append, True)
        with self.begun(("receive", place)):
            self.received[place].append(await self.channels[place].receive())
        if turned:
            self.served[place].append(came)

    async def select(self, ways, **options):
        ways = self.apart(ways)
        cases = self.cases(ways)
        with self.begun(*ways), self.offering(*cases.values()):
            self.note(await select(None, *cases, draw=self.draw, **options), cases)

    async def select_in_time(self, ways):
        await self.select(ways, timeout=SHORT)

    async def select_now(self, ways):
        cases = self.cases(ways)
        self.note(select_nowait(*cases, draw=self.draw), cases)

    def apart(self, ways):
        """Let no select receive where it sends: two who wait for each other are a fault."""
        sends = {place for name, place in ways if name == "send"}
        return [(name, place) for name, place in ways if name == "send" or place not in sends]

    def cases(self, ways):
        """Make a select's cases, each with the item it sends, or with the list it receives into."""
        cases = {}
        for name, place in ways:
            if name == "send":
                item = next(self.items)
                cases[self.channels[place].sending(item)] = item
            else:
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

    @contextlib.contextmanager
    def begun(self, *ways):
        self.waiting.update(ways)
        try:
            yield
        finally:
            self.waiting.subtract(ways)

    # ---------------------------------------------------------------------------- what must be so

    async def rest(self):
        """Wait until nothing moves any more: then time jumps."""
        await asyncio.sleep(LONG)

    async def end(self, queues):
        await self.rest()
        for place, channel in enumerate(self.channels):
            senders, receivers = queues(channel)
            assert senders == self.waiting["send", place], channel
            assert receivers == self.waiting["receive", place], channel
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
        for served in self.served:
            assert served == sorted(served)
        received = set().union(*self.received)
        assert self.sent <= received, f"lost: {self.sent - received}"
        assert received <= self.sent | self.unsure, f"from nowhere: {received - self.sent}"


def run(numbers, queues):
    script = Script(numbers)
    world = World(script.channels())

    async def main():
        await world.run(script.moves())
        await world.end(queues)

    with asyncio.Runner(loop_factory=VirtualClock) as runner:
        runner.run(main())
    world.check_the_ledger()


def test_no_item_is_lost_or_doubled_or_overtaken_and_nobody_is_left_waiting(queues, fuzz):
    @settings(max_examples=EXAMPLES, database=None, deadline=None)
    @given(st.binary(min_size=LENGTH, max_size=LENGTH))
    def check(numbers):
        run(numbers, queues)

    fuzz(check)
