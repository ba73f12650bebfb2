"""Each node in turn."""

import random
from collections import Counter

from hypothesis import given, strategies as st

from kitfox.balancing import Node, RoundRobin


@given(st.integers(1, 20), st.integers(0, 100), st.integers(0, 100))
def test_no_node_is_ahead_of_another_by_more_than_one(count, before, picks):
    nodes = [Node(str(number)) for number in range(count)]
    balancer = RoundRobin()
    for _ in range(before):
        balancer.pick(nodes, None)
    picked = Counter(balancer.pick(nodes, None).id for _ in range(picks))
    counts = [picked[node.id] for node in nodes]
    assert max(counts) - min(counts) <= 1


@given(st.lists(st.integers(1, 6)))
def test_a_set_that_changes_is_never_picked_past_its_end(sizes):
    balancer = RoundRobin()
    for size in sizes:
        nodes = [Node(str(number)) for number in range(size)]
        assert balancer.pick(nodes, None) in nodes


def test_clients_that_start_together_begin_at_different_nodes():
    nodes = [Node(str(number)) for number in range(10)]
    draw = random.Random(7).random
    first = Counter(RoundRobin(draw=draw).pick(nodes, None).id for _ in range(1000))
    assert set(first) == {node.id for node in nodes}
    assert max(first.values()) < 150


@given(st.floats(0, 1))
def test_the_draw_decides_where_it_begins(draw):
    nodes = [Node(str(number)) for number in range(3)]
    one, other = RoundRobin(draw=lambda: draw), RoundRobin(draw=lambda: draw)
    assert [one.pick(nodes, None) for _ in nodes] == [other.pick(nodes, None) for _ in nodes]


def test_a_node_shows_what_runs_on_it():
    node = Node("a", weight=2.0)
    node.in_flight += 1
    assert repr(node) == "<Node a in_flight=1>"
    assert node.weight == 2.0
