"""Room for one item between two tasks: nothing is lost, and nobody waits for ever."""

import asyncio

import pytest

from kitfox.core import Slot


async def put_all(slot, *items):
    for item in items:
        await slot.put(item)


async def turns(count=5):
    for _ in range(count):
        await asyncio.sleep(0)


async def test_items_pass_in_order():
    slot = Slot()
    maker = asyncio.create_task(put_all(slot, 1, 2, 3))
    assert [await anext(slot) for _ in range(3)] == [1, 2, 3]
    await maker


async def test_the_maker_is_at_most_one_item_ahead():
    slot = Slot()
    await slot.put(1)
    second = asyncio.create_task(slot.put(2))
    await turns()
    assert not second.done()
    assert await anext(slot) == 1
    await second
    assert await anext(slot) == 2


async def test_what_is_in_the_slot_is_still_taken_after_the_end():
    slot = Slot()
    await slot.put(1)
    slot.finish()
    assert slot.finished
    assert [item async for item in slot] == [1]
    assert [item async for item in slot] == []


async def test_the_makers_error_comes_after_its_items():
    slot = Slot()
    await slot.put(1)
    slot.finish(LookupError())
    assert await anext(slot) == 1
    for _ in range(2):
        with pytest.raises(LookupError):
            await anext(slot)


async def test_only_the_first_end_counts():
    slot = Slot()
    slot.finish()
    slot.finish(LookupError())
    assert [item async for item in slot] == []


async def test_the_end_wakes_a_waiting_taker():
    slot = Slot()
    taker = asyncio.create_task(anext(slot, "the end"))
    await turns()
    slot.finish()
    assert await taker == "the end"


async def test_the_end_frees_a_waiting_maker_and_drops_its_item():
    slot = Slot()
    await slot.put(1)
    maker = asyncio.create_task(slot.put(2))
    await turns()
    slot.finish()
    await maker
    assert [item async for item in slot] == [1]


async def test_closing_drops_what_was_not_taken():
    slot = Slot()
    await slot.put(1)
    slot.close()
    assert [item async for item in slot] == []
    await slot.put(2)
    assert [item async for item in slot] == []


async def test_an_item_put_while_its_taker_is_cancelled_is_kept_for_the_next():
    slot = Slot()
    taker = asyncio.create_task(anext(slot))
    await turns()
    await slot.put(1)  # the taker is awake, but has not run yet
    taker.cancel()
    await asyncio.wait([taker])
    assert await anext(slot) == 1


async def test_a_maker_that_is_cancelled_has_not_put():
    slot = Slot()
    await slot.put(1)
    maker = asyncio.create_task(slot.put(2))
    await turns()
    maker.cancel()
    await asyncio.wait([maker])
    slot.finish()
    assert [item async for item in slot] == [1]
