"""What users of channels see in their editors; checked by mypy and pyright, never run.

A line with two ignores is one that both must refuse: each complains about an ignore it needs not.
"""

from typing import assert_type

from kitfox.channels import (
    Case,
    Channel,
    Receiver,
    Receiving,
    Sender,
    Sending,
    ThreadChannel,
    Ticker,
    after,
    select,
    select_nowait,
)


async def produce(out: Sender[int]) -> None:
    await out.send(1)
    await out.send("1")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await out.receive()  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]


async def consume(items: Receiver[float]) -> None:
    assert_type(await items.receive(), float)
    async for item in items:
        assert_type(item, float)
    items.close()  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]


async def a_channel_is_both_ends(own: Channel[int], shared: ThreadChannel[int]) -> None:
    await produce(own)
    await produce(shared)
    await consume(own)  # who asks for numbers may be given whole ones
    await consume(shared)
    words: Sender[str] = own  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]
    del words


async def the_end_is_told_apart(channel: Channel[str]) -> None:
    match await channel.receive_ok():
        case item, True:
            assert_type(item, str)
        case nothing, _:
            assert_type(nothing, None)


async def a_select_returns_one_of_its_cases(numbers: Channel[int], words: Channel[str]) -> None:
    number = numbers.receiving()
    assert_type(number, Receiving[int])
    assert_type(await select(number), Receiving[int])
    assert_type(await select(number, None), Receiving[int])
    assert_type(await select(number, timeout=1.0), Receiving[int] | None)
    assert_type(select_nowait(number), Receiving[int] | None)
    assert_type(number.value, int)
    sending: Sending[object] = words.sending("a")
    chosen: Case[object] = await select(number, sending)
    if chosen is number:
        assert_type(number.value, int)
    words.sending(1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


async def times_are_numbers() -> None:
    with Ticker(1.0) as ticks:
        assert_type(await ticks.receive(), float)
    assert_type(await after(1.0).receive(), float)
