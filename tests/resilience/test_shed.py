"""When there is too much to do for too long, less is done, the least critical left out first."""

import random

import pytest
from hypothesis import given, strategies as st

from kitfox import Unavailable
from kitfox.core import retry_after
from kitfox.resilience import Criticality, Shedder, shed

CRITICAL, DEFAULT, SHEDDABLE = Criticality.CRITICAL, Criticality.DEFAULT, Criticality.SHEDDABLE
KEY = "kitfox-criticality"
NOW = 1000.0


def late(shedder, seconds, *, since=NOW, growth=1.0, classes=(DEFAULT,)):
    """Let the delay be too long, and grow, for so long; return when that ends."""
    step, now = 0.01, since
    while now <= since + seconds:
        shedder.observe(0.02 + (now - since) * growth, now)
        for criticality in classes:
            shedder.admit(criticality, 0.0)
        now += step
    return now


def test_a_delay_that_does_not_last_is_a_burst_and_sheds_nothing():
    shedder = Shedder()
    for turn in range(100):
        late(shedder, 0.09, since=NOW + turn)
        shedder.observe(0.001, NOW + turn + 0.1)
    assert shedder.share(SHEDDABLE) == shedder.share(DEFAULT) == 1.0


def test_a_delay_that_lasts_for_the_interval_sheds_more_and_more():
    shedder, shares = Shedder(), []
    for _ in range(5):
        late(shedder, 0.5, since=NOW + len(shares))
        shares.append(shedder.share(DEFAULT))
    assert shares == sorted(shares, reverse=True)
    assert shares[0] < 0.5


def test_the_next_cut_waits_until_calls_have_shown_what_the_last_one_did_but_not_for_ever():
    shedder, shares = Shedder(), []
    for tick in range(100):  # so few calls pass, a slow one in each interval
        shedder.observe(1.0 + 0.1 * tick, NOW + 0.1 * tick)
        shedder.admit(DEFAULT, 0.0)
        shares.append(shedder.share(DEFAULT))
    assert 2 <= len(set(shares[:20])) <= 3
    assert shares[-1] < 0.2


def test_the_least_critical_go_first_and_the_most_critical_always_pass():
    shedder = Shedder()
    everybody = (CRITICAL, DEFAULT, SHEDDABLE)
    now = late(shedder, 0.4, classes=everybody)
    assert shedder.share(SHEDDABLE) < 0.5
    assert shedder.share(DEFAULT) == 1.0
    late(shedder, 10.0, since=now, classes=everybody)
    assert shedder.share(SHEDDABLE) == shedder.share(DEFAULT) == 0.1
    assert shedder.share(CRITICAL) == 1.0
    assert shedder.admit(CRITICAL, 0.999)


def test_when_there_are_none_of_the_least_critical_the_next_do_not_wait_for_them():
    shedder = Shedder()
    late(shedder, 0.25)
    assert shedder.share(DEFAULT) < 1.0
    assert shedder.share(SHEDDABLE) == 1.0


def test_a_backlog_that_shrinks_by_itself_is_given_time():
    shedder, shares = Shedder(), []
    now = late(shedder, 0.5)
    for step in range(50):
        shedder.observe(0.5 - step * 0.009, now + step * 0.01)
        shares.append(shedder.share(DEFAULT))
    assert shares[-1] == shares[10]  # the first look may still have been one at a growing one
    assert shares[-1] > 0.1


def test_when_the_delay_is_gone_calls_pass_again_the_more_critical_first():
    shedder = Shedder()
    now = late(shedder, 10.0, classes=(DEFAULT, SHEDDABLE))
    order = []
    while not shedder.calm:
        now += 0.05
        shedder.observe(0.0, now)
        order.append((shedder.share(DEFAULT), shedder.share(SHEDDABLE)))
        assert now < NOW + 60.0
    assert order == sorted(order)
    assert all(default == 1.0 for default, sheddable in order if sheddable > 0.1)


@pytest.mark.parametrize("exact", [True, False])
def test_while_nobody_waits_too_long_a_queue_refuses_the_sheddable_only(exact):
    shedder = Shedder(exact=exact)
    now = late(shedder, 10.0, classes=(DEFAULT, SHEDDABLE))
    assert not shedder.admit(DEFAULT, 0.9)
    shedder.observe(0.001, now)
    assert shedder.admit(DEFAULT, 0.9) is exact
    assert not shedder.admit(SHEDDABLE, 0.9)
    shedder.observe(0.1, now + 0.001)  # what was learnt holds
    assert not shedder.admit(DEFAULT, 0.9)


def test_after_a_long_silence_everything_passes():
    shedder = Shedder()
    now = late(shedder, 10.0)
    shedder.observe(0.0, now)
    shedder.observe(0.0, now + 60.0)
    assert shedder.share(DEFAULT) == 1.0


class Server:
    """A server in virtual time: one at a time, first come first served, deadlines of a second."""

    def __init__(self, rate, mix, *, capacity=1000.0, seed=1):
        self.random = random.Random(seed)
        self.rate, self.capacity = rate, capacity
        self.classes, self.weights = list(mix), list(mix.values())
        self.asked = dict.fromkeys(mix, 0)
        self.passed = dict.fromkeys(mix, 0)
        self.good = 0

    def run(self, shedder, seconds):
        now = backlog = 0.0
        while now < seconds:
            step = self.random.expovariate(self.rate)
            now, backlog = now + step, max(0.0, backlog - step)
            (criticality,) = self.random.choices(self.classes, self.weights)
            self.asked[criticality] += 1
            shedder.observe(backlog, now)
            if not shedder.admit(criticality, self.random.random()):
                backlog += 0.02 / self.capacity  # to say no is work as well
                continue
            self.passed[criticality] += 1
            self.good += backlog < 1.0
            backlog += 1.0 / self.capacity
        return self.good / (self.capacity * seconds)

    def share(self, criticality):
        return self.passed[criticality] / self.asked[criticality]


@pytest.mark.parametrize("mix", [{DEFAULT: 1}, {CRITICAL: 1, DEFAULT: 5, SHEDDABLE: 4}])
@pytest.mark.parametrize("capacity", [1000.0, 100.0])  # calls may take longer than the target is
def test_with_three_times_too_much_to_do_most_of_what_can_be_done_is_done_in_time(mix, capacity):
    server = Server(3 * capacity, mix, capacity=capacity)
    assert server.run(Shedder(), 30.0) > 0.8
    server = Server(3 * capacity, mix, capacity=capacity)
    assert server.run(Shedder(spare=1.0), 30.0) < 0.1  # without shedding


@pytest.mark.parametrize("load", [1.3, 3.0])
@pytest.mark.parametrize("capacity", [1000.0, 100.0, 50.0])
def test_by_a_queue_that_tells_its_delay_at_any_time_nearly_all_that_can_be_done_is(load, capacity):
    server = Server(load * capacity, {DEFAULT: 1}, capacity=capacity)
    assert server.run(Shedder(exact=True), 30.0) > 0.93


@pytest.mark.parametrize("exact", [True, False])
def test_with_a_little_too_much_to_do_only_the_least_critical_suffer(exact):
    server = Server(1300.0, {CRITICAL: 1, DEFAULT: 5, SHEDDABLE: 4})
    server.run(Shedder(exact=exact), 20.0)
    assert server.share(CRITICAL) == 1.0
    assert server.share(DEFAULT) > 0.99
    assert server.share(SHEDDABLE) < 0.5


@pytest.mark.parametrize("capacity", [1000.0, 100.0])
def test_with_less_to_do_than_can_be_done_next_to_nothing_is_refused(capacity):
    server = Server(0.7 * capacity, {DEFAULT: 1}, capacity=capacity)
    server.run(Shedder(), 30.0)
    assert server.share(DEFAULT) > 0.95


@given(
    st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1), st.sampled_from(Criticality))),
    st.floats(0, 1),
)
def test_each_class_keeps_what_is_spared_for_it(looks, spare):
    shedder, now = Shedder(spare=spare), NOW
    for step, delay, criticality in looks:
        now += step
        shedder.observe(delay, now)
        shedder.admit(criticality, 0.5)
        assert spare <= shedder.share(SHEDDABLE) <= 1.0
        assert spare <= shedder.share(DEFAULT) <= 1.0
        assert shedder.share(CRITICAL) == 1.0


@pytest.fixture
def delay():
    """A delay that a test sets; it is told at what time it was asked."""

    class Told:
        seconds = 0.0

        def __call__(self, now):
            return self.seconds

    return Told()


async def overloaded(endpoint, make_call, clock):
    """Make calls until the least share passes."""
    for _ in range(1_000):
        clock.now += 0.01
        try:
            await endpoint(make_call(), 1)
        except Unavailable:
            continue


async def test_calls_are_refused_before_they_begin_while_there_is_too_much_to_do(
    make_call, script, clock, delay
):
    endpoint = shed(Shedder(), delay, clock=clock, draw=lambda: 0.5)(answers := script("reply"))
    assert await endpoint(make_call(), 1) == "reply"
    delay.seconds = 1.0
    await overloaded(endpoint, make_call, clock)
    begun = len(answers.calls)
    with pytest.raises(Unavailable) as caught:
        await endpoint(make_call("add"), 1)
    assert caught.value.details["reason"] == "overload"
    assert caught.value.details["refused"] == "/a.B/add"
    assert retry_after(caught.value) > 0
    assert len(answers.calls) == begun
    assert await endpoint(make_call(metadata={KEY: "critical"}), 1) == "reply"
    delay.seconds = 0.0
    for _ in range(100):
        clock.now += 1.0
        await endpoint(make_call(metadata={KEY: "critical"}), 1)
    assert await endpoint(make_call(), 1) == "reply"


async def test_the_longest_of_several_delays_counts(make_call, script, clock, delay):
    endpoint = shed(Shedder(), lambda now: 0.0, delay, clock=clock, draw=lambda: 0.99)(script(1))
    delay.seconds = 1.0
    await overloaded(endpoint, make_call, clock)
    with pytest.raises(Unavailable):
        await endpoint(make_call(), 1)


@pytest.mark.parametrize(
    ("highest", "claim", "counts"),
    [
        (DEFAULT, "critical", "default"),
        (DEFAULT, "sheddable", "sheddable"),
        (SHEDDABLE, "default", "sheddable"),
        (SHEDDABLE, "critical", "sheddable"),
        (CRITICAL, "critical", "critical"),
    ],
)
async def test_strangers_are_no_more_critical_than_they_may_be(
    make_call, script, clock, delay, highest, claim, counts
):
    call = make_call(metadata={KEY: claim})
    await shed(Shedder(), delay, highest=highest, clock=clock)(script("reply"))(call, 1)
    assert call.metadata[KEY] == counts


def test_there_must_be_a_delay_to_go_by():
    with pytest.raises(TypeError, match="delay"):
        shed(Shedder())


@pytest.mark.parametrize("options", [{"target": 0}, {"interval": 0}, {"spare": 1.5}])
def test_what_makes_no_sense_is_refused(options):
    with pytest.raises(ValueError, match="expected"):
        Shedder(**options)
