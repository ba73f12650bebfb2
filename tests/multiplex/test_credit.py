"""Streams over a link: never more under way than was granted, and nothing lost at the end."""

import asyncio

import pytest
from hypothesis import given, strategies as st

from kitfox.multiplex import WINDOW, BadFrame
from kitfox.multiplex._credit import Inflow, Outflow
from kitfox.scope import fail_after


async def test_a_sender_waits_when_its_credit_is_used_up():
    outflow = Outflow()
    async with fail_after(5):
        for _ in range(WINDOW):
            await outflow.take()
        waiting = asyncio.create_task(outflow.take())
        await asyncio.sleep(0)
        assert not waiting.done()
        outflow.grant(1)
        await waiting


async def test_a_sender_that_gives_up_waiting_uses_no_credit():
    outflow = Outflow()
    async with fail_after(5):
        for _ in range(WINDOW):
            await outflow.take()
        waiting = asyncio.create_task(outflow.take())
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait([waiting])
        outflow.grant(1)
        await outflow.take()


async def test_a_reader_grants_what_its_consumer_has_taken():
    granted = []
    inflow = Inflow(granted.append)
    for number in range(WINDOW):
        inflow.put(bytes([number]))
    assert not granted
    async with fail_after(5):
        for number in range(WINDOW):
            assert await anext(inflow) == bytes([number])
    assert sum(granted) == WINDOW


async def test_an_item_without_credit_breaks_the_rules():
    inflow = Inflow(lambda _: None)
    for _ in range(WINDOW):
        inflow.put(b"")
    with pytest.raises(BadFrame, match=f"more than {WINDOW} items"):
        inflow.put(b"")


async def test_what_came_before_the_end_is_still_taken():
    inflow = Inflow(lambda _: None)
    inflow.put(b"one")
    inflow.finish()
    inflow.put(b"too late")
    assert [item async for item in inflow] == [b"one"]


@given(st.lists(st.booleans(), max_size=200))
def test_no_item_is_refused_to_a_sender_that_keeps_to_its_credit(steps):
    """True: the sender sends if it may; False: the consumer takes if there is something."""

    async def run():
        credit = WINDOW
        sent = taken = 0

        def grant(items):
            nonlocal credit
            credit += items

        inflow = Inflow(grant)
        for send in steps:
            if send and credit:
                credit -= 1
                inflow.put(str(sent).encode())
                sent += 1
            elif not send and taken < sent:
                assert await anext(inflow) == str(taken).encode()
                taken += 1
            assert sent - taken <= WINDOW

    asyncio.run(run())
