"""The better of two, in virtual time: bad nodes get few calls, and all others their share."""

import random

import pytest
from hypothesis import given, settings, strategies as st

from kitfox.balancing import P2C, Among, Node, RoundRobin
from kitfox.core import Outcome

GOOD, FAULT = Outcome.GOOD, Outcome.FAULT
RATES = [50, 500]
MEANS = [0.001, 0.04]  # seconds a call: of 500 a second, few or many are in flight


def fails_fast(seconds):
    return seconds / 5, FAULT


def never_answers(seconds):
    return 1.0, FAULT


def slow(seconds):
    return seconds * 20, GOOD


def weigh(world, **weights):
    for node in world.nodes:
        node.weight = weights.get(node.id, 1.0)


def known(*latencies):
    """Make nodes that are known to be so fast."""
    nodes = [Node(name) for name, _ in zip("abcde", latencies, strict=False)]
    for node, latency in zip(nodes, latencies, strict=True):
        for ended in (-latency, 0.0):
            node.admit(ended - latency)
            node.record(GOOD, latency, ended)
    return nodes


@pytest.mark.parametrize("rate", RATES)
def test_the_p99_with_one_slow_node_of_five_is_at_most_twice_the_healthy(world, measure, rate):
    shares, percentile = measure
    healthy = percentile(world(P2C).run(60, rate=rate), 0.99)
    sick = world(P2C)
    sick.special["a"] = slow
    calls = sick.run(60, rate=rate)
    assert percentile(calls, 0.99) <= 2 * healthy
    assert 0 < shares(calls)["a"] < 0.01


def test_without_looking_at_latencies_it_would_be_far_more(world, measure):
    _, percentile = measure
    sick = world(RoundRobin)
    sick.special["a"] = slow
    assert percentile(sick.run(20, rate=500), 0.99) > 0.03


@pytest.mark.parametrize("rate", RATES)
def test_a_node_that_becomes_slow_is_left_alone_at_once(world, measure, rate):
    shares, _ = measure
    there = world(P2C)
    there.run(20, rate=rate)
    there.special["a"] = slow
    there.run(1, rate=rate)
    assert shares(there.run(20, rate=rate)).get("a", 0.0) < 0.01


@pytest.mark.parametrize("rate", RATES)
def test_a_node_that_is_well_again_has_its_share_within_a_minute(world, measure, rate):
    shares, _ = measure
    there = world(P2C)
    there.special["a"] = slow
    there.run(20, rate=rate)
    del there.special["a"]
    there.run(60, rate=rate)
    assert shares(there.run(60, rate=rate))["a"] > 0.1


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("behave", [fails_fast, never_answers])
def test_a_node_that_fails_gets_few_calls_however_fast_it_fails(world, rate, behave):
    there = world(P2C)
    there.special["a"] = behave
    calls = there.run(60, rate=rate)
    assert sum(call.outcome is FAULT for call in calls) < 10 + 0.005 * len(calls)


def test_outliers_are_asked_even_less(world):
    there = world(P2C, among=Among())
    there.special["a"] = fails_fast
    assert sum(call.outcome is FAULT for call in there.run(25, rate=500)) <= 6


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**32))
def test_equal_nodes_get_equal_shares_under_load(seed):
    nodes = [Node(name) for name in "abcde"]
    balancer, counts = P2C(draw=random.Random(seed).random), dict.fromkeys("abcde", 0)
    running = []
    for number in range(5_000):
        node = balancer.pick(nodes, None, None, number / 1000)
        node.admit(number / 1000)
        counts[node.id] += 1
        running.append(node)
        if len(running) > 20:
            running.pop(0).record(GOOD, 0.02, number / 1000)
    assert all(800 < count < 1200 for count in counts.values())


@pytest.mark.parametrize("mean", MEANS)
def test_shares_go_by_weight_with_little_to_do_and_with_much(world, measure, mean):
    shares, _ = measure
    there = world(P2C, mean=mean)
    weigh(there, a=3.0)
    there.candidates.replace(there.nodes)
    assert shares(there.run(20, rate=500))["a"] == pytest.approx(3 / 7, abs=0.07)


@pytest.mark.parametrize("mean", MEANS)
def test_a_new_node_starts_slowly_and_has_its_share_after_ten_seconds(world, measure, mean):
    shares, _ = measure
    there = world(P2C, mean=mean)
    newcomer = there.nodes.pop(0)
    there.candidates.replace(there.nodes)
    there.run(5, rate=500)
    newcomer.since = there.now
    there.nodes.insert(0, newcomer)
    there.candidates.replace(there.nodes)
    first, middle = shares(there.run(1, rate=500)), shares(there.run(8, rate=500))
    last = shares(there.run(5, rate=500))
    assert 0 < first["a"] < 0.06
    assert 0.06 < middle["a"] < 0.17
    assert last["a"] == pytest.approx(0.2, abs=0.04)


def test_nodes_that_are_all_new_have_no_reason_to_wait(world, measure):
    shares, _ = measure
    there = world(P2C)
    for node in there.nodes:
        node.since = there.now
    assert all(0.1 < part < 0.3 for part in shares(there.run(10, rate=500)).values())


def test_of_two_the_less_loaded_is_picked_whichever_is_drawn_first(call):
    nodes = known(0.001, 0.001)
    nodes[0].admit(0.0)
    nodes[0].admit(0.0)
    for draw in (0.0, 0.9):
        assert P2C(draw=lambda draw=draw: draw).pick(nodes, call, None, 0.5) is nodes[1]


def test_the_healthy_one_of_two_is_picked_whatever_it_costs(call, picks):
    nodes = [Node("a"), Node("b")]
    for _ in range(10):
        nodes[0].admit(1000.0)
        nodes[0].record(FAULT, 0.0001, 1000.0)
    nodes[1].in_flight = 100
    assert picks(P2C(draw=random.Random(1).random, spare=0.0), nodes, 100) == {"b": 100}


def test_a_forgotten_node_is_picked_when_it_comes_up_but_not_often(call):
    nodes = known(1.0, 0.001)
    balancer = P2C(draw=random.Random(1).random, forget=1.0, spare=0.1)
    picked = [balancer.pick(nodes, call, None, now).id for now in (0.0, *[2.0] * 21)]
    assert picked == ["b", "a", *"bbbbbbbbb", "a", *"bbbbbbbbb", "a"]


def test_no_call_need_be_spared(call):
    nodes = known(1.0, 0.001)
    balancer = P2C(draw=random.Random(1).random, spare=0.0)
    assert {balancer.pick(nodes, call, None, 9.0).id for _ in range(500)} == {"b"}


def test_a_node_that_owes_an_answer_is_not_forgotten(call):
    nodes = known(0.001, 0.001)
    nodes[0].admit(1.0)
    nodes[0].admit(1.0)
    balancer = P2C(draw=random.Random(1).random)
    assert {balancer.pick(nodes, call, None, 5.0).id for _ in range(500)} == {"b"}


def test_one_node_is_picked_without_ado(call):
    (node,) = nodes = [Node("a")]
    assert P2C(draw=lambda: 1 / 0).pick(nodes, call, None, 0.0) is node


@given(
    st.lists(st.floats(0.01, 100), min_size=2, max_size=6),
    st.floats(0, 1, exclude_max=True),
    st.floats(0, 1, exclude_max=True),
)
def test_two_different_nodes_are_drawn_whatever_the_weights_and_draws(weights, first, second):
    nodes = [Node(str(number), weight) for number, weight in enumerate(weights)]
    for node in nodes:
        node.in_flight = 1
    draws = iter([first, second] * 3)
    assert P2C(draw=lambda: next(draws)).pick(nodes, None, None, 0.0) in nodes
