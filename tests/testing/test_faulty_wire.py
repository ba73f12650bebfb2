"""What becomes of messages on a wire that fails."""

import asyncio
from random import Random

import pytest

from kitfox import DeadlineExceeded, NotFound, Service, Unavailable, rpc
from kitfox.app import Server
from kitfox.core import Through, Unreachable
from kitfox.testing import Faults, FaultyWire
from kitfox.transports.memory import Memory


def now():
    return asyncio.get_running_loop().time()


async def numbers(*items):
    for item in items:
        yield item


@pytest.fixture
def wire():
    return FaultyWire(draw=Random(7).random)


@pytest.fixture
def client(den, memory, wire):
    return type(den).client(Through(memory, wire), timeout=60.0)


async def test_a_sound_wire_carries_all_kinds(client):
    assert await client.get(1) == 1
    assert [number async for number in client.count(3)] == [0, 1, 2]
    assert await client.total(numbers(1, 2)) == 3
    with pytest.raises(NotFound):
        await client.get(-1)


async def test_reply_metadata_comes_through(den, memory, wire):
    calls = []

    def kept(endpoint):
        async def keep(call, message):
            calls.append(call)
            return await endpoint(call, message)

        return keep

    client = type(den).client(Through(memory, kept, wire))
    await client.get(5)
    assert [number async for number in client.count(1)] == [0]
    assert calls[0].reply_metadata["served"] == "5"
    assert calls[1].reply_metadata["counted"] == "yes"
    assert calls[1].sent == 1


async def test_each_message_is_late(client, wire):
    wire.faults = Faults(delay=0.25)
    begun = now()
    await client.get(1)
    assert now() - begun == 0.5
    with pytest.raises(NotFound):  # an error is a message as well
        await client.get(-1)
    assert now() - begun == 1.0
    assert [number async for number in client.count(2)] == [0, 1]
    assert now() - begun == 2.0  # the request, two items, the end
    assert await client.total(numbers(1, 2)) == 3
    assert now() - begun == 3.0


async def test_jitter_is_between_nothing_and_its_most(client, wire):
    wire.faults = Faults(delay=1.0, jitter=0.5)
    took = []
    for number in range(20):
        begun = now()
        await client.get(number)
        took.append(now() - begun)
    assert all(2.0 <= seconds <= 3.0 for seconds in took)
    assert len(set(took)) == 20


async def test_who_is_lost_hears_nothing(client, wire, den):
    wire.faults = Faults(drop=1.0)
    with pytest.raises(DeadlineExceeded):
        await client.get(1)
    assert now() == 60.0
    assert den.served == []


async def test_the_request_or_the_reply_may_be_lost(client, wire, den):
    wire.faults = Faults(drop=0.5)
    lost = 0
    for number in range(50):
        try:
            await client.get(number)
        except DeadlineExceeded:
            lost += 1
    assert 0 < 50 - len(den.served) < lost < 50


async def test_a_cut_connection_is_unavailable_but_not_unreachable(client, wire, den):
    wire.faults = Faults(cut=1.0)
    with pytest.raises(Unavailable, match="the connection broke") as caught:
        await client.get(1)
    assert not isinstance(caught.value, Unreachable)
    assert den.served == []


async def test_a_reply_may_be_cut_off_when_the_work_is_done(client, wire, den):
    wire.faults = Faults(cut_after=0)
    with pytest.raises(Unavailable):
        await client.get(1)
    assert den.served == [1]


async def test_a_stream_is_cut_in_the_midst(client, wire):
    wire.faults = Faults(cut_after=2)
    came = []
    with pytest.raises(Unavailable):
        async for number in client.count(100):
            came.append(number)
    assert came == [0, 1]


async def test_nothing_more_travels_on_a_broken_wire(client, wire):
    wire.faults = Faults(delay=1.0, cut_after=1)
    with pytest.raises(Unavailable):
        _ = [number async for number in client.count(5)]
    assert now() == 3.0  # the request, an item, and the one at which it broke


async def test_a_stream_of_requests_is_cut_in_the_midst(client, wire):
    async def endless():
        while True:
            yield 1

    wire.faults = Faults(cut=0.1)
    with pytest.raises(Unavailable, match="the connection broke"):
        await client.total(endless())


async def test_requests_of_unary_methods_arrive_twice(client, wire, den):
    wire.faults = Faults(duplicate=1.0)
    assert await client.get(1) == 1
    assert den.served == [1, 1]
    assert [number async for number in client.count(1)] == [0]
    assert await client.total(numbers(1, 2)) == 3
    assert den.served == [1, 1, 0]


async def test_an_error_for_the_first_copy_is_heard_by_nobody(client, wire, den):
    wire.faults = Faults(duplicate=1.0)
    with pytest.raises(NotFound):
        await client.get(-1)
    assert den.served == [-1, -1]


async def test_nobody_is_reached_on_a_wire_that_refuses(client, wire, den):
    wire.faults = Faults(refuse=1.0)
    with pytest.raises(Unreachable):
        await client.get(1)
    assert den.served == []


async def test_on_a_stalled_wire_messages_wait_until_it_goes_on(client, wire, den):
    wire.faults = Faults(stalled=True)
    call = asyncio.create_task(client.get(1))
    await asyncio.sleep(30.0)
    assert den.served == []
    wire.faults = Faults()
    assert await call == 1
    assert now() == 30.0


async def test_who_waits_at_a_stalled_wire_may_give_up(client, wire, den):
    wire.faults = Faults(stalled=True)
    with pytest.raises(DeadlineExceeded):
        await client.get(1)
    wire.faults = Faults()
    assert await client.get(2) == 2
    assert den.served == [2]


async def test_cutting_breaks_the_calls_that_run_and_their_handlers(client, wire, den):
    calls = [asyncio.create_task(client.wait()) for _ in range(2)]
    await asyncio.sleep(1.0)
    wire.cut()
    wire.cut()
    ends = await asyncio.gather(*calls, return_exceptions=True)
    assert [type(end) for end in ends] == [Unavailable, Unavailable]
    await asyncio.sleep(1.0)
    assert den.ended == ["wait", "wait"]
    assert await client.get(1) == 1


async def test_a_call_cancelled_as_it_is_cut_stays_cancelled(client, wire):
    call = asyncio.create_task(client.wait())
    await asyncio.sleep(1.0)
    wire.cut()
    call.cancel()
    await asyncio.wait([call])
    assert call.cancelled()


async def test_a_seed_makes_the_same_of_the_same_calls(den, memory):
    async def fates(seed):
        wire = FaultyWire(Faults(jitter=1.0, drop=0.1, cut=0.2), draw=Random(seed).random)
        client = type(den).client(Through(memory, wire), timeout=5.0)
        begun, ends = now(), []
        for number in range(30):
            (end,) = await asyncio.gather(client.get(number), return_exceptions=True)
            ends.append((type(end).__name__, round(now() - begun, 6)))
        return ends

    first = await fates(1)
    assert await fates(1) == first
    assert await fates(2) != first
    assert {name for name, _ in first} == {"int", "DeadlineExceeded", "Unavailable"}


async def test_a_server_may_stand_behind_it_for_all_its_callers():
    class Who(Service):
        @rpc
        async def am_i(self) -> str:
            return "me"

    listener, wire = Memory(), FaultyWire(Faults(delay=1.0, cut_after=0))
    async with Server(Who(), listeners=[listener], middleware=[wire]).running():
        with pytest.raises(Unavailable):
            await Who.client(listener).am_i()
    assert now() == 2.0


@pytest.mark.parametrize(
    ("fault", "value", "range"),
    [("delay", -1.0, "0 to inf"), ("drop", 1.5, "0 to 1"), ("cut_after", -1, "0 to inf")],
)
def test_a_fault_out_of_its_range_is_refused(fault, value, range):
    with pytest.raises(ValueError, match=f"{fault}={value}: expected a number from {range}"):
        Faults(**{fault: value})
