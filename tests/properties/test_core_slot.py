"""A slot under any interleaving of putting, taking, cancelling and waiting."""

import asyncio

import pytest
from hypothesis import given, strategies as st

from kitfox.core import Slot

MOVES = st.lists(st.sampled_from(["put", "take", "cancel put", "cancel take", "turn"]), max_size=60)


@pytest.fixture(scope="module")
def runner():
    """One loop for all examples: making one takes longer than an example does."""
    with asyncio.Runner() as runner:
        yield runner


class Table:
    """One maker and one taker at a slot; keeps what was put for certain and what was taken."""

    def __init__(self):
        self.slot = Slot()
        self.names = iter(range(10**6))
        self.put_done, self.taken = [], []
        self.maker = self.taker = None

    async def move(self, name):
        if name == "put" and not running(self.maker):
            self.maker = asyncio.create_task(self.put(next(self.names)))
        elif name == "take" and not running(self.taker):
            self.taker = asyncio.create_task(self.take())
        elif name == "cancel put" and running(self.maker):
            self.maker.cancel()
        elif name == "cancel take" and running(self.taker):
            self.taker.cancel()
        elif name == "turn":
            await asyncio.sleep(0)

    async def put(self, item):
        await self.slot.put(item)
        self.put_done.append(item)

    async def take(self):
        if (item := await anext(self.slot, None)) is not None:
            self.taken.append(item)

    async def settle(self):
        for task in (self.maker, self.taker):
            if running(task):
                task.cancel()
                await asyncio.wait([task])
        self.slot.finish()
        self.taken += [item async for item in self.slot]


def running(task):
    return task is not None and not task.done()


@given(moves=MOVES)
def test_what_was_put_is_taken_once_and_in_order(runner, moves):
    async def play():
        table = Table()
        for name in moves:
            await table.move(name)
        await table.settle()
        assert table.taken == table.put_done

    runner.run(play())


@given(moves=MOVES, end=st.integers(0, 60))
def test_after_the_end_nobody_waits(runner, moves, end):
    async def play():
        table = Table()
        for name in moves[:end]:
            await table.move(name)
        table.slot.finish()
        for name in moves[end:]:
            await table.move(name)
        for _ in range(5):
            await asyncio.sleep(0)
        assert not running(table.maker)
        assert not running(table.taker)

    runner.run(play())
