"""The same key, the same node, as far as load and membership allow."""

import random
from collections import Counter

import pytest
from hypothesis import given, settings, strategies as st
from msgspec import Struct

from kitfox.balancing import ConsistentHash, LeastInFlight, Node, by_field, by_metadata

KEYS = [f"user-{number}" for number in range(2_000)]


class Get(Struct):
    id: int | None


def place(nodes, keys=KEYS):
    """Give the node of each key, while nothing runs."""
    balancer = ConsistentHash(lambda _, message: message)
    return {key: balancer.pick(nodes, None, key, 0.0).id for key in keys}


def nodes_of(count, **options):
    return [Node(f"10.0.0.{number}:7000", **options) for number in range(count)]


def test_each_of_the_nodes_has_about_as_many_keys():
    counts = Counter(place(nodes_of(5)).values())
    assert all(340 < count < 460 for count in counts.values())


def test_a_key_is_at_home_in_the_same_place_in_every_process_and_for_ever():
    assert place(nodes_of(5), ["ada", "bob", "cyd"]) == {
        "ada": "10.0.0.4:7000",
        "bob": "10.0.0.1:7000",
        "cyd": "10.0.0.4:7000",
    }


@settings(max_examples=8, deadline=None)
@given(st.integers(2, 8), st.data())
def test_only_the_keys_of_the_node_that_goes_move_and_to_all_others(count, data):
    nodes = nodes_of(count)
    gone = data.draw(st.sampled_from(nodes))
    before, after = place(nodes), place([node for node in nodes if node is not gone])
    moved = {key for key in KEYS if before[key] != after[key]}
    assert moved == {key for key in KEYS if before[key] == gone.id}
    assert len(moved) < 1.25 * len(KEYS) / count
    assert {after[key] for key in moved} == {node.id for node in nodes} - {gone.id}


def test_a_heavier_node_has_so_many_more_keys_and_takes_them_from_all():
    nodes = nodes_of(5)
    before = place(nodes)
    nodes[0].weight = 3.0
    after = place(nodes)
    assert Counter(after.values())[nodes[0].id] == pytest.approx(len(KEYS) * 3 / 7, rel=0.1)
    assert all(after[key] in (before[key], nodes[0].id) for key in KEYS)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 7), st.sampled_from([1.0, 1.25, 2.0]))
def test_no_node_has_more_than_its_bound_even_if_all_ask_for_one_key(seed, count, bound):
    nodes, draw = nodes_of(count), random.Random(seed)
    balancer = ConsistentHash(lambda _, message: message, bound=bound, room=2)
    for total in range(1, 200):
        key = "hot" if draw.random() < 0.7 else draw.choice(KEYS)
        balancer.pick(nodes, None, key, 0.0).in_flight += 1
        assert max(node.in_flight for node in nodes) <= max(2, bound * total / count + 1)


def test_while_there_is_little_to_do_a_key_stays_where_it_is(call):
    nodes = nodes_of(5)
    balancer = ConsistentHash(lambda _, message: message)
    for _ in range(8):
        balancer.pick(nodes, call, "hot", 0.0).in_flight += 1
    assert sorted(node.in_flight for node in nodes) == [0, 0, 0, 0, 8]
    second = balancer.pick(nodes, call, "hot", 0.0)
    assert second.in_flight == 0
    assert balancer.pick(nodes, call, "hot", 0.0) is second


def test_the_key_may_be_in_the_metadata(call):
    nodes = nodes_of(5)
    balancer = ConsistentHash(by_metadata("User-Id"))
    call.metadata["user-id"] = "ada"
    assert {balancer.pick(nodes, call, None, 0.0).id for _ in range(20)} == {"10.0.0.4:7000"}


@pytest.mark.parametrize("message", [Get(None), {}, object()])
def test_who_has_no_key_is_picked_for_otherwise(call, message):
    nodes = nodes_of(3)
    nodes[0].in_flight = nodes[2].in_flight = 1
    balancer = ConsistentHash(by_field("id"), otherwise=LeastInFlight())
    assert balancer.pick(nodes, call, message, 0.0) is nodes[1]


def test_without_more_said_p2c_picks_for_who_has_no_key(call):
    nodes = nodes_of(3)
    assert ConsistentHash(by_field("id")).pick(nodes, call, None, 0.0) in nodes


def test_a_bound_below_the_mean_is_refused():
    with pytest.raises(ValueError, match="expected at least 1"):
        ConsistentHash(by_field("id"), bound=0.9)
