"""Each node in turn."""

import random
from collections import Counter

from hypothesis import given, strategies as st

from kitfox.balancing import Node, RoundRobin


def pick(balancer, nodes):
    return balancer.pick(nodes, None, None, 0.0)


@given(st.integers(1, 20), st.integers(0, 100), st.integers(0, 100))
def test_no_node_is_ahead_of_another_by_more_than_one(count, before, picks):
    nodes = [Node(str(number)) for number in range(count)]
    balancer = RoundRobin()
    for _ in range(before):
        pick(balancer, nodes)
    picked = Counter(pick(balancer, nodes).id for _ in range(picks))
    counts = [picked[node.id] for node in nodes]
    assert max(counts) - min(counts) <= 1


@given(st.lists(st.integers(1, 6)))
def test_a_set_that_changes_is_never_picked_past_its_end(sizes):
    balancer = RoundRobin()
    for size in sizes:
        nodes = [Node(str(number)) for number in range(size)]
        assert pick(balancer, nodes) in nodes


def test_clients_that_start_together_begin_at_different_nodes():
    nodes = [Node(str(number)) for number in range(10)]
    draw = random.Random(7).random
    first = Counter(pick(RoundRobin(draw=draw), nodes).id for _ in range(1000))
    assert set(first) == {node.id for node in nodes}
    assert max(first.values()) < 150


@given(st.floats(0, 1))
def test_the_draw_decides_where_it_begins(draw):
    nodes = [Node(str(number)) for number in range(3)]
    one, other = RoundRobin(draw=lambda: draw), RoundRobin(draw=lambda: draw)
    assert [pick(one, nodes) for _ in nodes] == [pick(other, nodes) for _ in nodes]
