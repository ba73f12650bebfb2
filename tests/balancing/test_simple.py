"""The balancers that fit on a page: random, weighted, least in flight."""

import random
from collections import Counter

import pytest
from hypothesis import given, settings, strategies as st

from kitfox.balancing import LeastInFlight, Node, Random, Weighted

weights = st.lists(st.integers(1, 10), min_size=1, max_size=8)


def test_a_random_pick_gives_each_node_about_as_many(picks):
    nodes = [Node(name) for name in "abcde"]
    counts = picks(Random(draw=random.Random(3).random), nodes, 10_000)
    assert all(1_800 < counts[node.id] < 2_200 for node in nodes)


@given(st.integers(1, 9), st.floats(0, 1, exclude_max=True))
def test_a_random_pick_is_where_the_draw_falls(count, draw):
    nodes = [Node(str(number)) for number in range(count)]
    assert Random(draw=lambda: draw).pick(nodes, None, None, 0.0) is nodes[int(draw * count)]


@given(weights, st.integers(1, 5))
def test_each_round_gives_every_node_exactly_its_weight(weights, rounds):
    nodes = [Node(str(number), weight) for number, weight in enumerate(weights)]
    balancer = Weighted()
    for _ in range(rounds):
        picked = Counter(balancer.pick(nodes, None, None, 0.0).id for _ in range(sum(weights)))
        assert [picked[node.id] for node in nodes] == weights


def test_the_picks_of_the_heavy_are_spread():
    nodes = [Node("a", 5), Node("b", 1), Node("c", 1)]
    balancer = Weighted()
    assert "".join(balancer.pick(nodes, None, None, 0.0).id for _ in range(7)) == "aabacaa"


@given(weights, weights)
def test_weights_that_change_count_from_the_next_pick_on(before, after):
    balancer = Weighted()
    for weight in before:
        balancer.pick([Node("a", weight), Node("b", 1)], None, None, 0.0)
    nodes = [Node(str(number), weight) for number, weight in enumerate(after)]
    picked = Counter(balancer.pick(nodes, None, None, 0.0).id for _ in range(sum(after)))
    assert [picked[node.id] for node in nodes] == after


@settings(max_examples=50)
@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(1, 4)), min_size=1, max_size=6),
    st.floats(0, 1, exclude_max=True),
)
def test_nobody_has_less_to_do_for_its_weight_than_who_is_picked(loads, draw):
    nodes = [Node(str(number), weight) for number, (_, weight) in enumerate(loads)]
    for node, (in_flight, _) in zip(nodes, loads, strict=True):
        node.in_flight = in_flight
    picked = LeastInFlight(draw=lambda: draw).pick(nodes, None, None, 0.0)
    least = min(in_flight / weight for in_flight, weight in loads)
    assert picked.in_flight / picked.weight == pytest.approx(least)


def test_equals_are_drawn(picks):
    nodes = [Node(name) for name in "abcd"]
    nodes[1].in_flight = 1
    counts = picks(LeastInFlight(draw=random.Random(3).random), nodes, 3_000)
    assert set(counts) == {"a", "c", "d"}
    assert min(counts.values()) > 900
