"""Which of the nodes are near, and which are a client's own."""

from collections import Counter

import pytest
from hypothesis import given, strategies as st

from kitfox.balancing import Node, Prefer, Subset


def zone(name, count):
    return [
        Node(f"{name}{number}", metadata={"zone": name, "disk": "ssd"}) for number in range(count)
    ]


def said(levels):
    return [(round(level.below, 3), [node.id for node in level.nodes]) for level in levels]


def test_the_near_nodes_take_all_while_enough_of_them_are_usable():
    near, far = zone("a", 7), zone("b", 3)
    prefer = Prefer({"zone": "a"})
    assert said(prefer.levels(near + far, near[:5] + far)) == [
        (1.0, ["a0", "a1", "a2", "a3", "a4"])
    ]


def test_when_they_are_fewer_the_others_take_what_is_missing():
    near, far = zone("a", 4), zone("b", 3)
    levels = Prefer({"zone": "a"}).levels(near + far, near[:2] + far)
    assert said(levels) == [(0.7, ["a0", "a1"]), (1.0, ["b0", "b1", "b2"])]


def test_when_nobody_is_near_the_others_take_all():
    far = zone("b", 2)
    assert said(Prefer({"zone": "a"}).levels(far, far)) == [(1.0, ["b0", "b1"])]
    near = zone("a", 2)
    assert said(Prefer({"zone": "a"}).levels(near + far, far)) == [(1.0, ["b0", "b1"])]


def test_there_may_be_several_levels_and_a_node_must_fit_all_of_one():
    nodes = zone("a", 1) + zone("b", 1) + [Node("x"), Node("y", metadata={"zone": "a"})]
    prefer = Prefer({"zone": "a", "disk": "ssd"}, {"disk": "ssd"}, spare=0.4)
    assert said(prefer.levels(nodes, nodes)) == [(0.4, ["a0"]), (0.8, ["b0"]), (1.0, ["x", "y"])]


def test_all_calls_go_somewhere_when_all_levels_are_short():
    near, far = zone("a", 10), zone("b", 10)
    levels = Prefer({"zone": "a"}, spare=1.0).levels(near + far, near[:3] + far[:1])
    assert said(levels) == [(0.75, ["a0", "a1", "a2"]), (1.0, ["b0"])]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), min_size=1, max_size=20))
def test_every_draw_falls_on_nodes_that_are_usable(drawn):
    nodes = [Node(str(number), metadata={"zone": name}) for number, (name, _) in enumerate(drawn)]
    usable = [node for node, (_, well) in zip(nodes, drawn, strict=True) if well] or nodes
    levels = Prefer({"zone": "a"}, {"zone": "b"}).levels(nodes, usable)
    bounds = [level.below for level in levels]
    assert bounds == sorted(set(bounds))
    assert bounds[-1] == 1.0
    assert all(level.nodes and set(level.nodes) <= set(usable) for level in levels)


NAMES = [f"node-{number}" for number in range(300)]


def test_a_full_round_of_clients_loads_every_node_alike():
    counts = Counter(name for client in range(30) for name in Subset(10, client).of(NAMES))
    assert counts == dict.fromkeys(NAMES, 1)


@given(st.integers(1, 20), st.integers(0, 500), st.integers(0, 100))
def test_a_client_has_as_many_nodes_as_it_asked_for_or_all(size, client, count):
    ours = Subset(size, client).of(NAMES[:count])
    assert len(ours) == min(size, count)
    assert ours <= set(NAMES[:count])
    assert ours == Subset(size, client).of(reversed(NAMES[:count]))


def test_leftover_nodes_are_others_in_each_round():
    left = [
        set(NAMES[:23]) - Subset(10, c).of(NAMES[:23]) - Subset(10, c + 1).of(NAMES[:23])
        for c in (0, 2)
    ]
    assert [len(names) for names in left] == [3, 3]
    assert left[0] != left[1]


def test_a_node_that_goes_changes_little_for_a_client():
    before = Subset(10, 7).of(NAMES[:299])
    after = Subset(10, 7).of(NAMES[1:299])
    assert len(before & after) >= 8


@pytest.mark.parametrize(("size", "client"), [(0, 0), (1, -1)])
def test_a_subset_of_nobody_is_refused(size, client):
    with pytest.raises(ValueError, match="expected a size of at least 1"):
        Subset(size, client)
