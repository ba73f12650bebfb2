"""The hand-over of connections between callers, turn by turn of the loop."""

import asyncio

import pytest

from kitfox.net import ClientLimits
from kitfox.net._http_origin import OriginConnections
from kitfox.scope import fail_after


class Connection:
    """As far as its lessor knows one: quiet and usable until it is aborted."""

    usable = True

    def is_quiet(self):
        return self.usable

    def finish(self):
        return 4.0 if self.usable else None

    def abort(self):
        self.usable = False


@pytest.fixture
async def opened():
    return []


@pytest.fixture
async def connections(opened):
    async def open_one(on_end):
        opened.append(Connection())
        return opened[-1]

    return OriginConnections(ClientLimits(connections=1), open_one)


@pytest.fixture
async def waiting(connections):
    """The only connection is leased, and two wait for it: the lease and the two tasks."""
    held = await connections.lease(0.0)
    tasks = [asyncio.create_task(connections.lease(0.0)) for _ in range(2)]
    await asyncio.sleep(0)
    yield held, tasks
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


async def served(task):
    async with fail_after(5):
        return await task


async def test_what_is_released_goes_to_the_first_who_waits(connections, waiting, opened):
    held, (first, second) = waiting
    connections.release(held, 0.0)
    assert await served(first) is held
    assert not second.done()
    assert opened == [held]


async def test_who_was_cancelled_but_did_not_run_since_is_passed_over(connections, waiting):
    held, (first, second) = waiting
    first.cancel()
    connections.release(held, 0.0)
    assert await served(second) is held
    assert first.cancelled()


async def test_who_is_cancelled_after_the_hand_over_passes_the_connection_on(connections, waiting):
    held, (first, second) = waiting
    connections.release(held, 0.0)
    first.cancel()
    assert await served(second) is held
    assert first.cancelled()


async def test_who_is_cancelled_after_the_hand_over_of_a_place_passes_it_on(
    connections, waiting, opened
):
    held, (first, second) = waiting
    held.abort()
    connections.release(held, 0.0)
    first.cancel()
    assert await served(second) is opened[1]


async def test_a_place_is_passed_over_who_was_cancelled(connections, waiting, opened):
    held, (first, second) = waiting
    held.abort()
    first.cancel()
    connections.release(held, 0.0)
    assert await served(second) is opened[1]


async def test_a_connection_that_breaks_during_the_hand_over_is_replaced(
    connections, waiting, opened
):
    held, (first, _) = waiting
    connections.release(held, 0.0)
    held.abort()
    assert await served(first) is opened[1]


async def test_a_connection_that_breaks_as_its_heir_is_cancelled_leaves_its_place(
    connections, waiting, opened
):
    held, (first, second) = waiting
    connections.release(held, 0.0)
    held.abort()
    first.cancel()
    assert await served(second) is opened[1]


async def test_nothing_is_left_when_all_gave_up(connections, waiting):
    held, tasks = waiting
    for task in tasks:
        task.cancel()
    connections.release(held, 0.0)
    await asyncio.wait(tasks)
    assert connections.take(0.0) is held
