"""A second attempt beside a slow first one."""

import asyncio
import random

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from kitfox.core import Internal, Unavailable
from kitfox.resilience import Budget, Hedge, Retry, hedge, retry
from kitfox.resilience._quantile import Quantile
from kitfox.scope import fail_after
from kitfox.testing import virtual_time

AT_ONCE = 0.001


@pytest.fixture
def warm(make_call):
    """Make a policy that knows what calls of `get` take, 1 ms."""

    def make(seconds=AT_ONCE, calls=100):
        policy = Hedge(least=0.0)
        for _ in range(calls):
            policy.record(make_call().method, seconds)
        return policy

    return make


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.floats(1e-4, 100.0), min_size=20, max_size=60), st.sampled_from([0.5, 0.95]))
def test_an_estimate_is_right_within_a_tenth(lengths, part):
    quantile = Quantile(part)
    for length in lengths:
        for _ in range(16):  # it looks again at each 16th
            quantile.record(length)
    count = 16 * len(lengths)
    below = sum(16 * (length <= quantile.value) for length in lengths)
    beneath = sum(16 * (length <= quantile.value / 1.11) for length in lengths)
    assert below >= part * count - 1e-6
    assert beneath <= part * count


def test_it_believes_a_service_that_becomes_slower_and_faster_again():
    quantile, draw = Quantile(0.95), random.Random(1)
    for scale in (0.001, 0.02, 0.001):
        for _ in range(5000):
            quantile.record(scale * draw.random())
        assert quantile.value == pytest.approx(scale * 0.95, rel=0.15)


def test_lengths_beyond_all_reason_are_counted_too():
    quantile = Quantile(0.5)
    for length in (0.0, 1e-9, 1e9):
        quantile.record(length)
    assert quantile.known == 3


def test_a_method_of_which_little_is_known_is_not_hedged(make_call, warm):
    assert warm(calls=99).after(make_call().method) is None
    assert warm(calls=0).after(make_call().method) is None
    assert warm(0.02).after(make_call().method) == pytest.approx(0.02, rel=0.11)
    assert warm(0.02).after(make_call("add").method) is None


async def test_a_slow_call_is_made_again_elsewhere_and_the_loser_is_cancelled(
    script, gate, warm, make_call
):
    slow = gate()
    endpoint = script(slow, "fast")
    call = make_call(metadata={"tenant": "acme"})
    async with fail_after(5):
        assert await hedge(warm())(endpoint)(call, 1) == "fast"
    assert slow.cancelled.is_set()
    assert [metadata.get("kitfox-attempt") for metadata, _ in endpoint.seen] == [None, "2"]
    assert endpoint.calls[1].tried == ("node-1", "node-2")
    assert call.tried == ("node-1", "node-2")


async def test_the_first_one_may_win_all_the_same(script, gate, warm, make_call):
    slow, slower = gate("first"), gate("second")
    call = make_call()
    task = asyncio.create_task(hedge(warm())(script(slow, slower))(call, 1))
    async with fail_after(5):
        await slower.entered.wait()
        slow.opened.set()
        assert await task == "first"
    assert slower.cancelled.is_set()
    assert call.tried == ("node-1",)


async def test_the_reply_metadata_is_the_winner_s(script, warm, make_call):
    async def hangs(call, message):
        call.reply_metadata["from"] = call.reply_metadata["only"] = "first"
        await asyncio.Event().wait()

    async def replies(call, message):
        call.reply_metadata["from"] = "second"
        return "reply"

    call = make_call()
    async with fail_after(5):
        await hedge(warm())(script(hangs, replies))(call, 1)
    assert call.plain_reply_metadata() == {"from": "second"}


async def test_a_fast_call_is_made_once(script, warm, make_call):
    endpoint = script("reply")
    assert await hedge(warm(60.0))(endpoint)(make_call(), 1) == "reply"
    assert len(endpoint.calls) == 1


async def test_a_failure_before_it_is_late_is_the_caller_s(script, warm, make_call):
    endpoint = script(Internal("broken"), "reply")
    with pytest.raises(Internal):
        await hedge(warm(60.0))(endpoint)(make_call(), 1)
    assert len(endpoint.calls) == 1


async def test_when_one_of_two_fails_the_other_counts(script, gate, warm, make_call):
    slow = gate("late")
    task = asyncio.create_task(hedge(warm())(script(slow, Unavailable()))(make_call(), 1))
    async with fail_after(5):
        await slow.entered.wait()
        slow.opened.set()
        assert await task == "late"


async def test_when_both_fail_the_first_one_s_error_is_told(script, gate, warm, make_call):
    slow, other = gate(Internal("first")), gate(Internal("second"))
    task = asyncio.create_task(hedge(warm())(script(slow, other))(make_call(), 1))
    async with fail_after(5):
        await other.entered.wait()
        slow.opened.set()
        other.opened.set()
        with pytest.raises(Internal, match="first"):
            await task


async def test_a_caller_that_gives_up_ends_both(script, gate, warm, make_call):
    slow, other = gate(), gate()
    task = asyncio.create_task(hedge(warm())(script(slow, other))(make_call(), 1))
    async with fail_after(5):
        await other.entered.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert slow.cancelled.is_set()
    assert other.cancelled.is_set()


@pytest.mark.parametrize(
    ("name", "metadata"), [("add", {}), ("watch", {}), ("get", {"kitfox-attempt": "2"})]
)
@virtual_time
async def test_what_must_not_be_made_twice_is_not(script, make_call, name, metadata):
    async def slow(call, message):
        await asyncio.sleep(60.0)
        return "reply"

    call, policy, endpoint = make_call(name, metadata=metadata), Hedge(), script(slow)
    for _ in range(100):
        policy.record(call.method, AT_ONCE)
    assert await hedge(policy)(endpoint)(call, 1) == "reply"
    assert endpoint.calls == [call]


@virtual_time
async def test_the_budget_limits_hedges_when_everything_is_slow(script, make_call, warm):
    async def slow(call, message):
        await asyncio.sleep(0.1)

    endpoint, budget = script(slow), Budget(share=0.2, floor=0.0)
    hedged = hedge(warm(), budget=budget)(retry(budget=budget)(endpoint))
    await asyncio.gather(*(hedged(make_call(), 1) for _ in range(50)))
    assert len(endpoint.calls) == 60


@virtual_time
async def test_a_hedge_has_all_the_time_though_the_first_attempt_has_a_part(
    script, gate, warm, make_call
):
    endpoint = script(gate(), "fast")
    call = make_call(seconds=2.0)
    deadline = call.deadline
    assert await hedge(warm())(retry()(endpoint))(call, 1) == "fast"
    assert [until.at for _, until in endpoint.seen] == [1.0, 2.0]
    assert call.deadline is deadline


async def test_an_attempt_may_be_tried_again_and_hedged_at_once(script, gate, warm, make_call):
    slow = gate()
    endpoint = script(Unavailable(), slow, "hedged")
    chained = hedge(warm())(retry(Retry(), sleep=lambda _: asyncio.sleep(0))(endpoint))
    async with fail_after(5):
        assert await chained(make_call(seconds=60.0), 1) == "hedged"
    assert len(endpoint.calls) == 3
    assert slow.cancelled.is_set()


def test_a_part_that_is_none_is_refused():
    with pytest.raises(ValueError, match="expected a part between 0 and 1"):
        Hedge(part=95)
