"""A token bucket does what golang.org/x/time/rate does, told by a slow and exact model of it."""

import asyncio
from dataclasses import dataclass
from fractions import Fraction
from math import inf

import pytest
from hypothesis import given, strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, rule

from kitfox import ResourceExhausted, fail_after
from kitfox.resilience import TokenBucket

NOW = 1000.0


@dataclass
class Reserved:
    """A reservation as the model keeps it."""

    n: Fraction
    at: Fraction
    rate: Fraction


class Model:
    """The same in fractions, and word by word as Go's documentation has it."""

    def __init__(self, rate, burst):
        self.rate, self.burst, self.tokens = rate, burst, burst
        self.last = self.latest = Fraction(0)

    def flow(self, now):
        self.tokens = min(self.burst, self.tokens + (now - self.last) * self.rate)
        self.last = now

    def reserve(self, now, n, within):
        self.flow(now)
        owed = max(n - self.tokens, Fraction(0))
        if n > self.burst or (owed and not self.rate and within < inf):
            return None
        delay = Fraction(0) if not owed else owed / self.rate if self.rate else None
        if delay is not None and delay > within:
            return None
        if delay is None:
            return "never"
        self.tokens -= n
        self.latest = now + delay
        return Reserved(n, self.latest, self.rate)

    def cancel(self, reserved, now):
        if reserved.at < now:
            return
        unused = reserved.n - max(self.latest - reserved.at, Fraction(0)) * reserved.rate
        if unused <= 0:
            return
        self.flow(now)
        self.tokens = min(self.burst, self.tokens + unused)
        if reserved.at == self.latest:
            before = reserved.at - reserved.n / reserved.rate
            self.latest = max(before, now)


# Powers of two: sums and products of them are exact in floats.
RATES = st.sampled_from([0.5, 1.0, 2.0, 4.0, 64.0])
BURSTS = st.integers(0, 16)
COUNTS = st.integers(0, 20)
STEPS = st.integers(0, 256).map(lambda ticks: ticks / 64)


class Buckets(RuleBasedStateMachine):
    """The bucket and the model, always asked the same."""

    reservations = Bundle("reservations")

    def __init__(self):
        super().__init__()
        self.now = NOW
        self.bucket = TokenBucket(2.0, 8)
        self.model = Model(Fraction(2), Fraction(8))
        self.model.flow(Fraction(self.now))

    @rule(step=STEPS)
    def time_passes(self, step):
        self.now += step

    @rule(n=COUNTS)
    def allow(self, n):
        expected = self.model.reserve(Fraction(self.now), Fraction(n), Fraction(0))
        assert self.bucket.allow_n(self.now, n) == (expected is not None)

    @rule(n=COUNTS)
    def take(self, n):
        expected = self.model.reserve(Fraction(self.now), Fraction(n), Fraction(0))
        decision = self.bucket.take("", n, self.now)
        assert decision.allowed == (expected is not None)
        assert decision.remaining == max(0, self.model.tokens // 1)
        if not decision.allowed and n <= self.model.burst:
            assert decision.retry_after == (n - self.model.tokens) / self.model.rate

    @rule(target=reservations, n=COUNTS, within=st.one_of(st.just(inf), STEPS))
    def reserve(self, n, within):
        expected = self.model.reserve(Fraction(self.now), Fraction(n), within)
        actual = self.bucket.reserve_n(self.now, n, within=within)
        assert actual.ok == (expected is not None)
        if expected is None:
            assert actual.delay == inf
            return multiple()
        assert actual.delay == expected.at - Fraction(self.now)
        return (actual, expected)

    @rule(both=consumes(reservations))
    def cancel(self, both):
        actual, expected = both
        actual.cancel(self.now)
        if expected.n:
            self.model.cancel(expected, Fraction(self.now))
        actual.cancel(self.now)  # a second time changes nothing

    @rule(rate=RATES)
    def change_the_rate(self, rate):
        self.bucket.set_rate(self.now, rate)
        self.model.flow(Fraction(self.now))
        self.model.rate = Fraction(rate)

    @rule(burst=BURSTS)
    def change_the_burst(self, burst):
        self.bucket.set_burst(self.now, burst)
        self.model.flow(Fraction(self.now))
        self.model.burst = Fraction(burst)

    @invariant()
    def as_many_tokens(self):
        self.model.flow(Fraction(self.now))
        assert self.bucket.tokens(self.now) == pytest.approx(float(self.model.tokens), abs=1e-6)


TestBuckets = Buckets.TestCase


def test_a_bucket_is_full_at_first_and_fills_at_its_rate():
    bucket = TokenBucket(10.0, 2)
    assert [bucket.allow_n(NOW) for _ in range(3)] == [True, True, False]
    assert not bucket.allow_n(NOW + 0.0625)
    assert bucket.allow_n(NOW + 0.125)
    assert [bucket.allow_n(NOW + 60.0) for _ in range(3)] == [True, True, False]


def test_more_than_the_burst_is_never_allowed_at_once():
    bucket = TokenBucket(10.0, 2)
    assert not bucket.allow_n(NOW, 3)
    assert bucket.reserve_n(NOW, 3).delay == inf
    assert bucket.take("", 3, NOW).retry_after == inf
    assert bucket.tokens(NOW) == 2


def test_an_infinite_rate_allows_everything_whatever_the_burst_is():
    bucket = TokenBucket(inf, 0)
    assert bucket.allow_n(NOW, 1_000_000)
    reservation = bucket.reserve_n(NOW, 5)
    assert (reservation.ok, reservation.delay) == (True, 0.0)
    reservation.cancel(NOW)
    assert bucket.take("", 7, NOW).allowed


def test_a_rate_of_zero_allows_what_is_there_and_nothing_more():
    bucket = TokenBucket(0, 2)
    assert bucket.allow_n(NOW, 2)
    assert not bucket.allow_n(NOW + 1e9)
    assert bucket.take("", 1, NOW).retry_after == inf
    reservation = bucket.reserve_n(NOW)
    assert (reservation.ok, reservation.delay) == (True, inf)  # as Go has it
    reservation.cancel(NOW)
    assert bucket.tokens(NOW + 1e9) == 0.0


def test_a_burst_of_zero_allows_nothing():
    assert not TokenBucket(10.0, 0).allow_n(NOW)


def test_a_later_reservation_keeps_what_it_counted_on():
    bucket = TokenBucket(1.0, 4)
    bucket.allow_n(NOW, 4)
    first, second = bucket.reserve_n(NOW, 2), bucket.reserve_n(NOW, 1)
    assert (first.delay, second.delay) == (2.0, 3.0)
    first.cancel(NOW)  # one of its two tokens is the second one's time
    assert bucket.tokens(NOW) == -2.0
    second.cancel(NOW)
    assert bucket.tokens(NOW) == -1.0


def test_what_may_be_used_already_is_not_given_back():
    bucket = TokenBucket(1.0, 1)
    reservation = bucket.reserve_n(NOW)
    reservation.cancel(NOW + 0.5)
    assert bucket.tokens(NOW + 0.5) == 0.5


def test_a_clock_that_steps_back_brings_nothing_when_it_repeats_itself():
    bucket = TokenBucket(1.0, 10)
    bucket.allow_n(NOW, 10)
    assert not bucket.allow_n(NOW - 5.0)
    assert not bucket.allow_n(NOW)


@given(st.lists(st.tuples(st.floats(0, 2), st.integers(1, 5)), max_size=50))
def test_no_more_is_allowed_than_the_burst_and_what_flowed_in(asked):
    bucket, now, taken = TokenBucket(3.0, 5), NOW, 0
    for step, n in asked:
        now += step
        taken += n * bucket.allow_n(now, n)
    assert taken <= 5 + (now - NOW) * 3.0 + 1e-6


async def test_who_waits_gets_what_flows_in():
    bucket = TokenBucket(200.0, 1)
    loop = asyncio.get_running_loop()
    begun = loop.time()
    async with fail_after(10.0):
        for _ in range(5):
            await bucket.wait_n()
    assert bucket.tokens(loop.time()) <= 1.0
    assert 1 + (loop.time() - begun + 0.002) * 200.0 >= 5  # never more than there was


async def test_a_wait_that_would_pass_the_deadline_fails_at_once_and_takes_nothing():
    bucket = TokenBucket(0.1, 1)
    await bucket.wait_n()
    async with fail_after(5.0):
        with pytest.raises(ResourceExhausted, match=r"after the deadline: in \d") as caught:
            await bucket.wait_n()
    assert caught.value.details["reason"] == "rate_limit"
    assert 5.0 < caught.value.details["retry_after"] <= 10.0
    assert bucket.tokens(asyncio.get_running_loop().time()) >= 0.0


async def test_nobody_waits_for_what_never_comes():
    bucket = TokenBucket(0, 1)
    async with fail_after(5.0):
        await bucket.wait_n()
    with pytest.raises(ResourceExhausted, match="never comes: with a rate of 0") as caught:
        await bucket.wait_n()
    assert "retry_after" not in caught.value.details


async def test_a_wait_for_more_than_the_burst_is_a_mistake():
    with pytest.raises(ValueError, match="burst"):
        await TokenBucket(1.0, 1).wait_n(2)
    await TokenBucket(inf, 1).wait_n(2)


async def test_who_gives_up_waiting_gives_back_the_tokens():
    bucket = TokenBucket(0.001, 1)
    await bucket.wait_n()
    waiting = asyncio.create_task(bucket.wait_n())
    async with fail_after(5.0):
        while bucket.tokens(asyncio.get_running_loop().time()) > -0.5:
            await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
    assert bucket.tokens(asyncio.get_running_loop().time()) >= 0.0


def test_a_bucket_of_less_than_nothing_is_refused():
    for rate, burst in ((-1, 1), (1, -1), (float("nan"), 1)):
        with pytest.raises(ValueError, match="expected 0 or more"):
            TokenBucket(rate, burst)
