"""One thing of several: which one, after what wait, and what becomes of the others."""

import asyncio
import collections
import random

import pytest

from kitfox.channels import Channel, ChannelClosed, WouldBlock, select, select_nowait
from kitfox.scope import fail_after

FOREVER = 3600.0


async def turns(count=5):
    for _ in range(count):
        await asyncio.sleep(0)


async def test_the_case_that_is_possible_is_done():
    numbers, words = Channel(1), Channel(1)
    words.send_nowait("fox")
    number, word = numbers.receiving(), words.receiving()
    assert await select(number, word) is word
    assert word.ok
    assert word.value == "fox"


async def test_a_select_waits_for_the_first_case_that_becomes_possible(start, queues):
    numbers, words = Channel(), Channel()
    number, word = numbers.receiving(), words.receiving()
    selecting = await start(select(number, word))
    assert (queues(numbers), queues(words)) == ((0, 1), (0, 1))
    await words.send("fox")
    assert await selecting is word
    assert word.value == "fox"
    assert (queues(numbers), queues(words)) == ((0, 0), (0, 0))


async def test_a_select_sends_when_somebody_receives(start, queues):
    numbers, words = Channel(), Channel()
    number, word = numbers.sending(1), words.receiving()
    selecting = await start(select(number, word))
    assert await numbers.receive() == 1
    assert await selecting is number
    assert queues(words) == (0, 0)


async def test_two_selects_meet(start):
    channel, other = Channel(), Channel()
    item, never = channel.receiving(), other.receiving()
    receiving = await start(select(item, never))
    given = channel.sending("a")
    assert await select(other.receiving(), given) is given
    assert await receiving is item
    assert item.value == "a"


async def test_a_select_does_not_meet_itself(start):
    channel = Channel()
    sending, receiving = channel.sending("mine"), channel.receiving()
    selecting = await start(select(sending, receiving))
    await turns()
    assert not selecting.done()
    await channel.send("yours")
    assert await selecting is receiving
    assert receiving.value == "yours"


async def test_two_selects_that_both_send_and_receive_meet(start, queues):
    channel = Channel()
    mine = [channel.sending("mine"), channel.receiving()]
    yours = [channel.sending("yours"), channel.receiving()]
    waiting = await start(select(*mine))
    done = await select(*yours)
    matched = await waiting
    assert {mine.index(matched), yours.index(done)} == {0, 1}
    assert (mine[1] if done is yours[0] else yours[1]).value in {"mine", "yours"}
    assert queues(channel) == (0, 0)


async def test_a_select_that_waits_twice_for_one_channel_does_one_thing(start, queues):
    channel, other = Channel(), Channel()
    cases = [channel.receiving(), channel.receiving(), other.receiving()]
    selecting = await start(select(*cases))
    behind = await start(channel.receive())
    channel.send_nowait("a")
    channel.send_nowait("b")
    assert await selecting is cases[0]
    assert (cases[0].value, await behind) == ("a", "b")
    sending = await start(select(channel.sending("c"), channel.sending("d")))
    assert channel.receive_nowait() == "c"
    with pytest.raises(WouldBlock):
        channel.receive_nowait()
    await sending
    assert (queues(channel), queues(other)) == ((0, 0), (0, 0))


async def test_only_one_case_is_done_though_all_become_possible(start, queues):
    channels = [Channel() for _ in range(3)]
    cases = [channel.receiving() for channel in channels]
    selecting = await start(select(*cases))
    channels[1].send_nowait("b")
    for channel in (channels[0], channels[2]):
        with pytest.raises(WouldBlock):
            channel.send_nowait("nobody waits any more")
    assert await selecting is cases[1]
    assert [queues(channel) for channel in channels] == [(0, 0)] * 3


async def test_whoever_waits_behind_a_select_that_is_over_is_served(start):
    first, second = Channel(), Channel()
    selecting = await start(select(first.receiving(), second.receiving()))
    behind = await start(second.receive())
    first.send_nowait("a")
    second.send_nowait("b")
    assert await behind == "b"
    await selecting


# ----------------------------------------------------------------------- default, nil, time, chance


def test_what_cannot_be_done_at_once_is_not_waited_for(queues):
    channel = Channel()
    assert select_nowait(channel.receiving(), channel.sending("a")) is None
    assert queues(channel) == (0, 0)


def test_what_can_be_done_at_once_is_done():
    channel = Channel(1)
    sending, receiving = channel.sending("a"), channel.receiving()
    assert select_nowait(sending, receiving) is sending
    assert select_nowait(sending, receiving) is receiving
    assert receiving.value == "a"


async def test_none_is_never_possible(start):
    channel = Channel(1)
    item = channel.receiving()
    assert select_nowait(None) is None
    selecting = await start(select(None, item, None))
    channel.send_nowait("a")
    assert await selecting is item


async def test_a_select_of_nothing_waits_for_its_cancellation(start):
    selecting = await start(select())
    await turns()
    assert not selecting.done()
    selecting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await selecting


async def test_when_time_is_up_nothing_was_done(queues):
    channel = Channel()
    async with fail_after(5):
        assert await select(channel.sending("a"), timeout=0.001) is None
        assert await select(channel.receiving(), timeout=0) is None
    assert queues(channel) == (0, 0)


async def test_what_is_possible_is_done_even_without_time():
    channel = Channel(1)
    sending = channel.sending("a")
    assert await select(sending, timeout=-1) is sending


class NotingLoop(asyncio.SelectorEventLoop):
    """Remembers its timers."""

    def __init__(self):
        super().__init__()
        self.timers = []

    def call_later(self, *args, **kwargs):
        self.timers.append(super().call_later(*args, **kwargs))
        return self.timers[-1]


def test_a_case_in_time_stops_the_clock():
    async def main():
        channel = Channel()
        item = channel.receiving()
        async with fail_after(5), asyncio.TaskGroup() as group:
            selecting = group.create_task(select(item, timeout=FOREVER))
            await turns()
            await channel.send("a")
        assert selecting.result() is item
        return asyncio.get_running_loop().timers

    with asyncio.Runner(loop_factory=NotingLoop) as runner:
        (timer,) = runner.run(main())
    assert timer.cancelled()


@pytest.mark.parametrize("count", [2, 3, 5])
def test_each_possible_case_has_the_same_chance(count):
    draw = random.Random(count).random
    channels = [Channel() for _ in range(count)]
    for channel in channels:
        channel.close()
    impossible = Channel().receiving()
    cases = [channel.receiving() for channel in channels]
    rounds = 1000 * count
    chosen = collections.Counter(
        select_nowait(impossible, *cases, draw=draw) for _ in range(rounds)
    )
    assert set(chosen) == set(cases)
    assert all(900 < times < 1100 for times in chosen.values())


def test_the_same_draws_choose_the_same():
    def chosen(seed):
        draw = random.Random(seed).random
        channels = [Channel(100), Channel(100)]
        for channel in channels:
            for number in range(50):
                channel.send_nowait(number)
        cases = [channel.receiving() for channel in channels]
        return [cases.index(select_nowait(*cases, draw=draw)) for _ in range(50)]

    assert chosen(1) == chosen(1)
    assert len(set(map(tuple, (chosen(1), chosen(2), chosen(3))))) > 1


# -------------------------------------------------------------------------------------- closing


async def test_a_closed_channel_can_always_be_received_from():
    channel = Channel(1)
    channel.send_nowait("a")
    channel.close()
    item = channel.receiving()
    assert await select(item) is item
    assert (item.ok, item.value) == (True, "a")
    assert await select(item) is item
    assert not item.ok
    with pytest.raises(ChannelClosed):
        assert item.value


async def test_closing_wakes_a_select_that_waits_to_receive(start):
    channel = Channel()
    item = channel.receiving()
    selecting = await start(select(item, Channel().receiving()))
    channel.close()
    assert await selecting is item
    assert not item.ok


async def test_a_select_that_chooses_to_send_to_a_closed_channel_fails(start, queues):
    channel, other = Channel(), Channel()
    selecting = await start(select(channel.sending("a"), other.receiving()))
    channel.close()
    with pytest.raises(ChannelClosed, match="send on a closed channel"):
        await selecting
    with pytest.raises(ChannelClosed):
        select_nowait(channel.sending("a"))
    assert queues(other) == (0, 0)


# ----------------------------------------------------------------------------------- cancelling


async def cancel(task):
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_cancelled_select_leaves_all_its_places(start, queues):
    first, second = Channel(), Channel()
    selecting = await start(select(first.receiving(), second.sending("a")))
    await cancel(selecting)
    assert (queues(first), queues(second)) == ((0, 0), (0, 0))


async def test_a_select_cancelled_when_its_item_had_come_leaves_it_to_the_next(start):
    channel, other = Channel(), Channel()
    selecting = await start(select(channel.receiving(), other.receiving()))
    behind = await start(channel.receive())
    channel.send_nowait("a")
    await cancel(selecting)
    assert await behind == "a"


async def test_a_select_cancelled_when_its_item_had_come_leaves_it_in_the_channel(start):
    channel = Channel()
    selecting = await start(select(channel.receiving(), timeout=FOREVER))
    channel.send_nowait("a")
    await cancel(selecting)
    assert await channel.receive() == "a"


async def test_a_select_cancelled_when_its_item_was_taken_has_sent_it_once(start):
    channel = Channel()
    selecting = await start(select(channel.sending("a")))
    assert channel.receive_nowait() == "a"
    await cancel(selecting)
    with pytest.raises(WouldBlock):
        channel.receive_nowait()


async def test_a_select_cancelled_when_it_was_told_of_the_close_takes_nothing_along(start):
    channel = Channel()
    selecting = await start(select(channel.receiving(), channel.sending("a")))
    channel.close()
    await cancel(selecting)
    assert await channel.receive_ok() == (None, False)


# ------------------------------------------------------------------------------------ the cases


async def test_a_case_serves_any_number_of_selects():
    channel = Channel(3)
    sending, receiving = channel.sending("a"), channel.receiving()
    for _ in range(3):
        assert await select(sending) is sending
    assert len(channel) == 3
    for _ in range(3):
        assert await select(receiving) is receiving


async def test_a_case_waits_in_one_select_at_a_time(start, queues):
    channel, other = Channel(), Channel()
    item = channel.receiving()
    selecting = await start(select(item))
    with pytest.raises(RuntimeError, match="one select at a time"):
        await select(other.receiving(), item)
    assert (queues(channel), queues(other)) == ((0, 1), (0, 0))
    await channel.send("a")
    assert await selecting is item


async def test_a_case_is_named_once_in_a_select(queues):
    channel = Channel()
    item = channel.receiving()
    with pytest.raises(RuntimeError, match="and once"):
        await select(item, item)
    assert queues(channel) == (0, 0)


def test_a_case_that_was_never_chosen_has_no_value():
    item = Channel().receiving()
    assert not item.ok
    with pytest.raises(LookupError, match="no select has chosen this case"):
        assert item.value
