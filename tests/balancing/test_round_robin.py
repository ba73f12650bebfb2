"""Each node in turn."""

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


def test_a_node_shows_what_runs_on_it():
    node = Node("a", weight=2.0)
    node.in_flight += 1
    assert repr(node) == "<Node a in_flight=1>"
    assert node.weight == 2.0
