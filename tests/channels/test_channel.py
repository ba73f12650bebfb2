"""Sending and receiving, with room and without; closing; and cancelling whoever waits."""

import asyncio

import pytest

from kitfox.channels import Channel, ChannelClosed, WouldBlock
from kitfox.scope import fail_after


async def turns(count=5):
    for _ in range(count):
        await asyncio.sleep(0)


async def test_without_room_a_send_waits_for_its_receiver(start):
    channel = Channel()
    sending = await start(channel.send("a"))
    assert not sending.done()
    assert (len(channel), channel.capacity) == (0, 0)
    assert await channel.receive() == "a"
    await turns()
    assert sending.done()


async def test_without_room_a_receive_waits_for_its_sender(start):
    channel = Channel()
    receiving = await start(channel.receive())
    assert not receiving.done()
    await channel.send("a")
    assert await receiving == "a"


async def test_with_room_sends_go_on_until_it_is_full(start):
    channel = Channel(2)
    await channel.send("a")
    await channel.send("b")
    assert len(channel) == 2
    third = await start(channel.send("c"))
    assert not third.done()
    assert [await channel.receive() for _ in range(3)] == ["a", "b", "c"]
    await third


async def test_a_receive_lets_the_first_sender_in_at_once(start):
    channel = Channel(1)
    channel.send_nowait("a")
    await start(channel.send("b"))
    await start(channel.send("c"))
    assert await channel.receive() == "a"
    assert len(channel) == 1
    assert channel.receive_nowait() == "b"
    assert channel.receive_nowait() == "c"


async def test_who_waits_is_served_in_the_order_of_coming(start):
    channel = Channel()
    receivers = [await start(channel.receive()) for _ in range(3)]
    for item in "abc":
        await channel.send(item)
    assert [await receiver for receiver in receivers] == ["a", "b", "c"]
    for item in "abc":
        await start(channel.send(item))
    assert [await channel.receive() for _ in range(3)] == ["a", "b", "c"]


async def test_what_is_kept_for_who_waited_is_not_there_for_who_comes_later(start):
    channel = Channel(3)
    receiving = await start(channel.receive())
    channel.send_nowait("a")
    assert len(channel) == 0
    with pytest.raises(WouldBlock):
        channel.receive_nowait()
    assert await receiving == "a"


async def test_anything_is_an_item():
    channel = Channel(3)
    for item in (None, False, ()):
        channel.send_nowait(item)
    assert [await channel.receive() for _ in range(3)] == [None, False, ()]


async def test_nothing_is_done_at_once_that_would_have_to_wait():
    channel = Channel(1)
    with pytest.raises(WouldBlock):
        channel.receive_nowait()
    channel.send_nowait("a")
    with pytest.raises(WouldBlock):
        channel.send_nowait("b")
    assert channel.receive_nowait() == "a"


async def test_at_once_an_item_goes_to_who_waits_and_comes_from_who_waits(start):
    channel = Channel()
    receiving = await start(channel.receive())
    channel.send_nowait("a")
    assert await receiving == "a"
    sending = await start(channel.send("b"))
    assert channel.receive_nowait() == "b"
    await sending


def test_a_channel_says_its_capacity_and_how_it_stands():
    channel = Channel(2)
    channel.send_nowait("a")
    assert channel.capacity == 2
    assert repr(channel) == "<Channel 1/2, 0 sending, 0 receiving>"
    channel.close()
    assert repr(channel).endswith("closed>")


def test_an_empty_channel_is_true():
    assert Channel()


def test_a_capacity_is_not_negative():
    with pytest.raises(ValueError, match="capacity of 0 or more, got -1"):
        Channel(-1)


# ------------------------------------------------------------------------------------- closing


async def test_a_closed_channel_gives_what_is_in_it_and_then_says_so():
    channel = Channel(2)
    channel.send_nowait("a")
    channel.send_nowait("b")
    channel.close()
    assert await channel.receive() == "a"
    assert await channel.receive_ok() == ("b", True)
    assert await channel.receive_ok() == (None, False)
    for receive in (channel.receive_nowait, channel.receive_nowait):
        with pytest.raises(ChannelClosed, match="receive from a closed channel"):
            receive()
    with pytest.raises(ChannelClosed):
        await channel.receive()


async def test_nothing_can_be_sent_to_a_closed_channel():
    channel = Channel(2)
    channel.close()
    with pytest.raises(ChannelClosed, match="send on a closed channel"):
        await channel.send("a")
    with pytest.raises(ChannelClosed):
        channel.send_nowait("a")
    assert len(channel) == 0


def test_a_channel_is_closed_once():
    channel = Channel()
    channel.close()
    with pytest.raises(ChannelClosed, match="close of a closed channel"):
        channel.close()


async def test_closing_wakes_all_who_wait_to_receive(start, queues):
    channel = Channel()
    first, second = await start(channel.receive()), await start(channel.receive_ok())
    channel.close()
    with pytest.raises(ChannelClosed):
        await first
    assert await second == (None, False)
    assert queues(channel) == (0, 0)


async def test_closing_fails_all_who_wait_to_send_and_keeps_what_was_sent(start, queues):
    channel = Channel(1)
    channel.send_nowait("sent")
    waiting = [await start(channel.send(item)) for item in "ab"]
    channel.close()
    for sending in waiting:
        with pytest.raises(ChannelClosed):
            await sending
    assert [item async for item in channel] == ["sent"]
    assert queues(channel) == (0, 0)


async def test_a_loop_over_a_channel_ends_when_it_is_closed(start):
    channel = Channel()

    async def collect():
        return [item async for item in channel]

    collecting = await start(collect())
    for item in range(5):
        await channel.send(item)
    channel.close()
    assert await collecting == [0, 1, 2, 3, 4]


async def test_an_item_that_was_promised_before_the_close_is_received(start):
    channel = Channel()
    receiving = await start(channel.receive())
    channel.send_nowait("a")
    channel.close()
    assert await receiving == "a"


# ---------------------------------------------------------------------------------- cancelling


async def cancel(*tasks):
    for task in tasks:
        task.cancel()
    for task in tasks:
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_a_cancelled_receiver_leaves_its_place(start, queues):
    channel = Channel()
    first, second = await start(channel.receive()), await start(channel.receive())
    await cancel(first)
    assert queues(channel) == (0, 1)
    await channel.send("a")
    assert await second == "a"


async def test_a_cancelled_sender_takes_its_item_with_it(start, queues):
    channel = Channel()
    first, second = await start(channel.send("a")), await start(channel.send("b"))
    await cancel(first)
    assert queues(channel) == (1, 0)
    assert await channel.receive() == "b"
    await second


async def test_a_receiver_cancelled_when_its_item_had_come_leaves_it_to_the_next_who_waits(start):
    channel = Channel()
    first, second = await start(channel.receive()), await start(channel.receive())
    channel.send_nowait("a")
    await cancel(first)
    assert await second == "a"


async def test_a_receiver_cancelled_when_its_item_had_come_leaves_it_in_front(start):
    channel = Channel(2)
    receiving = await start(channel.receive())
    for item in "abc":
        channel.send_nowait(item)
    await cancel(receiving)
    assert len(channel) == 3
    with pytest.raises(WouldBlock):
        channel.send_nowait("d")
    assert [channel.receive_nowait() for _ in range(3)] == ["a", "b", "c"]


async def test_what_cancelled_receivers_leave_stays_in_order(start):
    channel = Channel()
    receivers = [await start(channel.receive()) for _ in range(4)]
    for item in "abc":
        channel.send_nowait(item)
    await cancel(receivers[0], receivers[2])
    assert await receivers[1] == "a"
    assert await receivers[3] == "b"
    assert channel.receive_nowait() == "c"


async def test_what_a_cancelled_receiver_left_is_received_before_a_later_send(start):
    channel = Channel()
    receiving = await start(channel.receive())
    channel.send_nowait("a")
    await cancel(receiving)
    sending = await start(channel.send("b"))
    assert not sending.done()
    assert [await channel.receive(), await channel.receive()] == ["a", "b"]
    await sending


async def test_what_a_cancelled_receiver_left_is_found_by_who_was_told_of_the_close(start):
    channel = Channel()
    first, second = await start(channel.receive()), await start(channel.receive())
    channel.send_nowait("a")
    channel.close()
    await cancel(first)
    assert await second == "a"


async def test_a_cancelled_receiver_of_a_closed_channel_takes_nothing_along(start):
    channel = Channel(1)
    receiving = await start(channel.receive())
    channel.close()
    await cancel(receiving)
    assert await channel.receive_ok() == (None, False)


async def test_a_sender_cancelled_when_its_item_was_taken_is_cancelled_and_has_sent_it_once(start):
    channel = Channel()
    sending = await start(channel.send("a"))
    assert channel.receive_nowait() == "a"
    await cancel(sending)
    with pytest.raises(WouldBlock):
        channel.receive_nowait()


async def test_a_sender_cancelled_when_it_was_closed_out_is_cancelled(start):
    channel = Channel()
    sending = await start(channel.send("a"))
    channel.close()
    await cancel(sending)


async def test_a_deadline_ends_a_receive_and_loses_nothing():
    channel = Channel()
    with pytest.raises(TimeoutError):
        async with fail_after(0.001):
            await channel.receive()
    async with asyncio.TaskGroup() as group:
        group.create_task(channel.send("a"))
        assert await channel.receive() == "a"


def test_a_receiver_that_died_with_its_loop_is_passed_over():
    channel = Channel(1)
    loop = asyncio.new_event_loop()
    receiving = loop.create_task(channel.receive())
    loop.run_until_complete(asyncio.sleep(0))
    receiving.cancel()
    with pytest.raises(asyncio.CancelledError):
        loop.run_until_complete(receiving)
    loop.close()
    channel.send_nowait("a")
    assert channel.receive_nowait() == "a"


async def test_a_thousand_items_pass_four_senders_and_four_receivers(start):
    channel = Channel(3)
    received = []

    async def receive():
        received.extend([item async for item in channel])

    async def send(first):
        for item in range(first, 1000, 4):
            await channel.send(item)

    async with fail_after(10), asyncio.TaskGroup() as receivers:
        for _ in range(4):
            receivers.create_task(receive())
        async with asyncio.TaskGroup() as senders:
            for first in range(4):
                senders.create_task(send(first))
        channel.close()
    assert sorted(received) == list(range(1000))
