"""NATS goes and comes back, in the middle of calls and streams; services go and others stay."""

import asyncio
from contextlib import suppress

import pytest

from kitfox import Call, Unavailable, Unreachable, fail_after, methods_of
from kitfox.scope import Deadline
from kitfox.transports.nats import NATS, NATSConnection


async def numbers(entered):
    """Give one number, and then wait."""
    yield 1
    entered.set()
    await asyncio.get_running_loop().create_future()


async def test_calls_that_run_when_nats_dies_are_unavailable_at_once(
    nats, serve, dial, desk, eventually
):
    async with serve(desk), dial() as mine, fail_after(15):
        sent = asyncio.Event()
        calls = [
            asyncio.create_task(mine.stay()),
            asyncio.create_task(mine.total(numbers(sent))),
            asyncio.create_task(anext(stream := mine.watch())),
        ]
        assert await calls[2] == 0
        calls[2] = asyncio.create_task(anext(stream))
        await eventually(lambda: desk.inside == 3)
        nats.kill()
        await asyncio.wait(calls)
        for call in calls:
            with pytest.raises(Unavailable) as caught:
                await call
            assert not isinstance(caught.value, Unreachable), "it may have been done"
        await eventually(lambda: desk.inside == 0)


async def test_calls_and_streams_work_again_when_nats_is_back(nats, serve, dial, desk, eventually):
    async with serve(desk) as listener, dial() as mine, fail_after(30):
        for _ in range(3):
            assert await mine.greet() == "one greets you"
            stream = mine.watch()
            assert await anext(stream) == 0
            nats.kill()
            with pytest.raises(Unavailable):
                await anext(stream)
            await eventually(lambda: not listener.connected)
            nats.start()
            await eventually(lambda: listener.connected)


async def test_a_call_that_finds_nats_down_waits_for_it(nats, serve, dial, desk, eventually):
    async with serve(desk) as listener, dial(patience=20) as mine, fail_after(15):
        await mine.greet()
        nats.kill()
        await eventually(lambda: not listener.connected)
        call = asyncio.create_task(mine.greet())
        nats.start()
        try:
            assert await call == "one greets you"
        except Unreachable:  # we were back before the service was
            await eventually(lambda: listener.connected)
            assert await mine.greet() == "one greets you"


async def test_a_call_in_an_outage_is_unreachable_before_its_deadline(nats, desk):
    """A little earlier: so the caller hears why, not only that time is up."""
    nats.kill()
    greet = methods_of(type(desk))["greet"]
    async with NATSConnection(nats.url, patience=60) as connection:
        call = Call(greet, deadline=Deadline.after(0.2))
        with pytest.raises(Unreachable, match="cannot be reached"):
            await connection.endpoint(greet)(call, greet.request())


async def test_a_call_in_an_outage_without_a_deadline_is_unreachable_when_patience_ends(nats, dial):
    nats.kill()
    async with dial(patience=0.05) as mine:
        with pytest.raises(Unreachable, match="cannot be reached"):
            await mine.greet()


async def test_a_call_over_a_closed_connection_is_unreachable(nats, dial):
    async with dial() as mine:
        pass
    with pytest.raises(Unreachable, match="closed"):
        await mine.greet()


async def test_a_call_that_waits_for_nats_when_its_connection_is_closed_is_unreachable(nats, dial):
    nats.kill()
    async with fail_after(10):
        async with dial(patience=60) as mine:
            call = asyncio.create_task(mine.greet())
            await asyncio.sleep(0)
        with pytest.raises(Unreachable, match="closed"):
            await call


async def test_a_service_that_nobody_serves_is_unreachable_at_once(dial):
    async with dial() as mine:
        with pytest.raises(Unreachable, match=r"nobody serves acme\.v1\.Desk"):
            await mine.greet()
        with pytest.raises(Unreachable, match=r"nobody serves acme\.v1\.Desk"):
            await anext(mine.watch())


async def test_services_may_start_before_nats(nats, dial, desk, eventually):
    nats.kill()
    turns = []
    listener = NATS(nats.url, on_connection=turns.append)
    async with listener.listen(desk.routes()) as url:
        assert url == nats.url
        assert not listener.connected
        nats.start()
        await eventually(lambda: listener.connected)
        async with dial() as mine, fail_after(10):
            assert await mine.greet() == "one greets you"
        nats.kill()
        await eventually(lambda: not listener.connected)
        nats.start()
        await eventually(lambda: listener.connected)
    assert not listener.connected
    assert turns == [True, False, True, False]


async def test_a_connection_tells_when_it_comes_and_goes(nats, serve, desk, eventually):
    turns = []
    async with serve(desk), NATSConnection(nats.url, on_connection=turns.append) as connection:
        assert not connection.connected
        await type(desk).client(connection).greet()
        assert connection.connected
        nats.kill()
        await eventually(lambda: not connection.connected)
    assert turns == [True, False]


async def test_instances_of_a_service_share_its_calls(serve, dial, desk):
    other = type(desk)("two")
    async with serve(desk), serve(other), dial() as mine, fail_after(15):
        greetings = {await mine.greet() for _ in range(100)}
        assert greetings == {"one greets you", "two greets you"}


async def test_no_call_fails_when_one_of_two_instances_leaves(serve, dial, desk, eventually):
    """The one that leaves takes no further request, and answers those that it has."""
    other, stop = type(desk)("two"), asyncio.Event()
    made = 0

    async def calling(client):
        nonlocal made
        while not stop.is_set():
            await client.greet()
            made += 1

    async with serve(desk), dial() as mine, fail_after(30):
        for _ in range(5):
            stop.clear()
            async with asyncio.TaskGroup() as group:
                async with serve(other):
                    for _ in range(20):
                        group.create_task(calling(mine))
                    until = made + 100
                    await eventually(lambda until=until: made > until)
                until = made + 100
                await eventually(lambda until=until: made > until)
                stop.set()
        assert desk.came + other.came == made


async def test_a_call_that_runs_when_its_server_leaves_may_end(serve, dial, desk, eventually):
    go = asyncio.Event()

    async def some():
        yield 1
        await go.wait()
        yield 2

    async with dial() as mine, fail_after(15):
        async with serve(desk) as listener:
            call = asyncio.create_task(mine.total(some()))
            await eventually(lambda: desk.inside == 1)
            opening = asyncio.create_task(open_when_nobody_serves(mine, go))
        assert await call == 3
        await opening
        assert not listener.connected


async def open_when_nobody_serves(client, door):
    """The one that leaves is gone for new calls, while it still has the old one."""
    with suppress(Unreachable):
        while True:
            await client.greet()
    door.set()
