"""Calls that are made again: what each attempt is given, and what its caller sees."""

import asyncio

import pytest

from kitfox import Service, rpc
from kitfox.core import (
    DeadlineExceeded,
    Internal,
    NotFound,
    Through,
    Unavailable,
    Unreachable,
    current_call,
    serving,
    within_deadline,
)
from kitfox.resilience import Backoff, Budget, Retry, retry
from kitfox.scope import fail_after
from kitfox.testing import virtual_time
from kitfox.transports.memory import Memory

AT_ONCE = Retry(backoff=Backoff(base=0.0))


@pytest.fixture
def through(clock):
    """Put a retry before an endpoint; its time is the test's."""

    def make(endpoint, policy=None, **options):
        options = {"clock": clock, "sleep": clock.sleep, "draw": lambda: 0.5, **options}
        return retry(policy, **options)(endpoint)

    return make


async def test_a_call_that_goes_well_is_made_once(script, through, make_call):
    endpoint = script("reply")
    call = make_call()
    assert await through(endpoint)(call, 1) == "reply"
    assert endpoint.calls == [call]
    assert call.plain_metadata() == {}


async def test_a_call_that_failed_is_made_again(script, through, make_call, clock):
    endpoint = script(Unavailable("busy"), "reply")
    assert await through(endpoint)(make_call(), 1) == "reply"
    assert len(endpoint.calls) == 2
    assert clock.waits == [0.005]


async def test_a_further_attempt_says_so_and_keeps_the_metadata(script, through, make_call):
    endpoint = script(Unavailable(), Unavailable(), "reply")
    call = make_call(metadata={"tenant": "acme"})
    await through(endpoint, Retry(tries=3))(call, 1)
    assert [metadata for metadata, _ in endpoint.seen] == [
        {"tenant": "acme"},
        {"tenant": "acme", "kitfox-attempt": "2"},
        {"tenant": "acme", "kitfox-attempt": "3"},
    ]
    assert call.plain_metadata() == {"tenant": "acme"}


async def test_each_attempt_knows_where_the_others_were(script, through, make_call):
    endpoint = script(Unavailable(), Unavailable(), "reply")
    call = make_call()
    await through(endpoint, Retry(tries=3))(call, 1)
    assert call.tried == ("node-1", "node-2", "node-3")
    assert endpoint.calls[1].tried == ("node-1", "node-2")


async def test_the_last_error_is_the_caller_s_and_what_is_no_call_s_error_passes(
    script, through, make_call
):
    with pytest.raises(Internal, match="second"):
        await through(script(Unavailable("first"), Internal("second")))(make_call(), 1)
    with pytest.raises(NotFound, match="at once"):
        await through(script(NotFound("at once"), "reply"))(make_call(), 1)
    with pytest.raises(KeyError):
        await through(script(KeyError("ours"), "reply"))(make_call(), 1)


async def test_the_reply_metadata_is_that_of_the_attempt_that_counts(script, through, make_call):
    async def fails(call, message):
        call.reply_metadata["from"] = "first"
        call.reply_metadata["only"] = "first"
        raise Unavailable

    async def replies(call, message):
        call.reply_metadata["from"] = "second"
        return "reply"

    call = make_call()
    await through(script(fails, replies))(call, 1)
    assert call.plain_reply_metadata() == {"from": "second"}


@virtual_time
async def test_a_black_hole_leaves_time_for_another_attempt(script, gate, make_call):
    hole = gate()
    endpoint = script(hole, "reply")
    call = make_call(seconds=2.0)
    deadline = call.deadline
    assert await within_deadline(retry(AT_ONCE)(endpoint), call, 1) == "reply"
    assert hole.cancelled.is_set()
    assert asyncio.get_running_loop().time() == pytest.approx(1.0, abs=0.01)
    assert endpoint.seen[0][1].at == pytest.approx(1.0)
    assert endpoint.seen[1][1] is call.deadline is deadline


@virtual_time
async def test_the_deadline_ends_the_last_attempt(script, gate, make_call):
    endpoint = script(gate())
    with pytest.raises(DeadlineExceeded):
        await within_deadline(retry(AT_ONCE)(endpoint), make_call(seconds=2.0), 1)
    assert len(endpoint.calls) == 2
    assert asyncio.get_running_loop().time() == pytest.approx(2.0, abs=0.01)


async def test_a_caller_that_gives_up_ends_the_attempt_and_gets_no_other(script, gate, make_call):
    slow = gate()
    endpoint = script(slow, "reply")
    call = make_call(seconds=60.0)
    deadline = call.deadline
    task = asyncio.create_task(retry(AT_ONCE)(endpoint)(call, 1))
    await slow.entered.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(endpoint.calls) == 1
    assert call.deadline is deadline


async def test_the_budget_is_what_keeps_a_failing_service_from_twice_the_load(
    script, through, make_call
):
    endpoint, budget = script(Unavailable()), Budget(share=0.2, floor=0.0)
    again = through(endpoint, budget=budget)
    for _ in range(100):
        with pytest.raises(Unavailable):
            await again(make_call(), 1)
    assert len(endpoint.calls) == 120


async def test_what_was_not_sent_is_sent_again_even_if_it_is_not_idempotent(
    script, through, make_call
):
    assert await through(script(Unreachable(), "reply"))(make_call("add"), 1) == "reply"
    with pytest.raises(Unavailable):
        await through(script(Unavailable(), "reply"))(make_call("add"), 1)


async def test_streamed_requests_are_sent_once(script, through, make_call):
    endpoint = script(Unreachable())
    with pytest.raises(Unreachable):
        await through(endpoint)(make_call("collect"), None)
    assert len(endpoint.calls) == 1


async def test_a_stream_of_replies_begins_again_only_before_its_first_item(
    script, through, make_call
):
    items = []

    async def take(item):
        items.append(item)

    async def breaks_off(call, message):
        await call.send("one")
        raise Unavailable

    with pytest.raises(Unavailable):
        await through(script(breaks_off))(make_call("watch", send=take), 1)
    assert items == ["one"]
    endpoint = script(Unavailable(), breaks_off, "never")
    with pytest.raises(Unavailable):
        await through(endpoint, Retry(tries=5))(make_call("watch", send=take), 1)
    assert items == ["one", "one"]


async def test_a_further_attempt_is_not_tried_again(script, through, make_call):
    endpoint = script(Unavailable(), "reply")
    with pytest.raises(Unavailable):
        await through(endpoint)(make_call(metadata={"kitfox-attempt": "2"}), 1)
    endpoint = script(Unavailable())
    with pytest.raises(Unavailable):
        await through(through(endpoint))(make_call(), 1)
    assert len(endpoint.calls) == 3  # the inner one makes two; the outer one's second passes


@pytest.mark.parametrize(("marked", "asked"), [("", 2), ("2", 1)])
async def test_the_handler_of_a_further_attempt_does_not_try_again_itself(
    script, through, make_call, marked, asked
):
    below = script(Unavailable())
    call_below = through(below)

    async def handler(call, message):
        return await call_below(make_call(), message)

    metadata = {"kitfox-attempt": marked} if marked else {}
    with pytest.raises(Unavailable):
        await asyncio.create_task(serving(handler)(make_call(metadata=metadata), 1))
    assert len(below.calls) == asked
    assert [metadata.get("kitfox-attempt") for metadata, _ in below.seen] == (
        ["2"] if marked else [None, "2"]
    )


class Flaky(Service):
    """Fails the first time; tells what it was asked with."""

    def __init__(self):
        self.attempts = []

    @rpc(idempotent=True)
    async def get(self, id: int) -> int:
        self.attempts.append(current_call().metadata.get("kitfox-attempt"))
        if len(self.attempts) == 1:
            raise Unavailable("not yet")
        return id


async def test_a_client_never_sees_what_a_retry_mended():
    flaky, memory = Flaky(), Memory()
    async with fail_after(5), memory.listen(flaky.routes()):
        assert await Flaky.client(Through(memory, retry())).get(7) == 7
    assert flaky.attempts == [None, "2"]
