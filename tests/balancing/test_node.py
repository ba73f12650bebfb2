"""What a node learns from the calls that are made on it."""

import random

import pytest
from hypothesis import given, strategies as st

from kitfox.balancing import Node
from kitfox.core import Outcome

GOOD, FAULT, NEITHER = Outcome.GOOD, Outcome.FAULT, Outcome.NEITHER


def ended(node, outcome, seconds, at):
    node.admit(at - (seconds or 0.0))
    node.record(outcome, seconds, at)


def warm():
    node = Node("a")
    ended(node, GOOD, None, 0.0)
    return node


def slow_for(seconds, latency):
    node = warm()
    for number in range(int(seconds * 10)):
        ended(node, GOOD, latency, number / 10)
    return node


def test_a_node_shows_what_runs_on_it():
    node = Node("a", weight=2.0, address="rpc://a", metadata={"zone": "x"})
    assert (node.weight, node.address, node.metadata["zone"]) == (2.0, "rpc://a", "x")
    node.admit(1.0)
    assert (node.in_flight, node.picked_at) == (1, 1.0)
    node.record(GOOD, 1.0, 2.0)
    ended(node, GOOD, 0.0123, 3.0)
    assert repr(node) == "<Node a in_flight=0 latency=12.3ms>"


def test_calls_that_may_have_waited_for_the_connection_tell_no_latency():
    node = Node("a")
    ended(node, GOOD, 1.0, 1.0)
    ended(node, GOOD, 0.9, 1.1)
    assert (node.latency, node.good) == (0.0, 2)
    ended(node, GOOD, 0.1, 1.1)
    assert node.latency == 0.1


def test_one_call_changes_what_is_known_little():
    node = warm()
    ended(node, GOOD, 0.1, 1.0)
    ended(node, GOOD, 0.2, 1.0)
    assert node.latency == pytest.approx(0.103)


def test_what_is_ten_seconds_old_counts_for_a_third():
    node = warm()
    ended(node, GOOD, 1.0, 1.0)
    ended(node, GOOD, 0.0, 11.0)
    assert node.latency == pytest.approx(0.368, abs=0.001)


@given(st.lists(st.tuples(st.floats(0, 5), st.floats(0.001, 9)), min_size=1))
def test_the_latency_is_between_the_shortest_and_the_longest(calls):
    node, now = warm(), 0.0
    for pause, seconds in calls:
        now += pause + seconds
        ended(node, GOOD, seconds, now)
    lengths = [seconds for _, seconds in calls]
    assert min(lengths) * 0.999 <= node.latency <= max(lengths) * 1.001


@pytest.mark.parametrize("outcome", [FAULT, NEITHER])
def test_what_fails_fast_is_not_fast_but_what_fails_late_is_slow(outcome):
    node = slow_for(1, 0.1)
    ended(node, outcome, 0.0001, 2.0)
    assert node.latency == pytest.approx(0.1)
    ended(node, outcome, 1.0, 2.0)
    assert node.latency > 0.12


@pytest.mark.parametrize("outcome", [FAULT, NEITHER])
def test_a_call_that_failed_is_no_first_measure(outcome):
    node = warm()
    ended(node, outcome, 1.0, 2.0)
    assert node.latency == 0.0


def test_the_length_of_a_stream_is_no_latency():
    node = slow_for(1, 0.1)
    ended(node, GOOD, None, 100.0)
    assert node.latency == pytest.approx(0.1)
    assert node.good == 12


def test_the_callers_own_cancel_is_not_the_nodes_failure():
    node = Node("a")
    for at in range(100):
        ended(node, NEITHER, None, at)
    assert (node.streak, node.good, node.faults, node.success) == (0, 0, 0, 1.0)
    assert node.healthy
    assert node.in_flight == 0


def test_a_node_is_healthy_while_most_of_its_last_calls_go_well():
    node = Node("a")
    for _ in range(5):
        ended(node, FAULT, 0.1, 1.0)
    assert (node.streak, node.healthy) == (5, True)
    for _ in range(5):
        ended(node, FAULT, 0.1, 1.0)
    assert not node.healthy
    for _ in range(5):
        ended(node, GOOD, 0.1, 1.0)
    assert (node.streak, node.healthy, node.faults, node.good) == (0, True, 10, 5)


def test_a_node_that_declines_calls_is_left_alone_without_a_fault():
    node = Node("a")
    for _ in range(10):
        node.admit(1.0)
        node.decline()
        node.record(NEITHER, None, 1.0)
    assert (node.healthy, node.streak, node.faults) == (False, 0, 0)


def test_who_is_readmitted_begins_anew_but_is_as_slow_as_ever():
    node = slow_for(1, 0.1)
    for _ in range(20):
        ended(node, FAULT, 0.1, 2.0)
    node.eject(32.0, times=1)
    node.readmit(20.0)
    assert (node.healthy, node.streak, node.since, node.ejected_until) == (True, 0, 20.0, 20.0)
    assert (node.latency, node.ejections) == (pytest.approx(0.1), 1)


@given(st.integers(0, 2**32))
def test_calls_that_are_over_run_no_longer(seed):
    draw, node, running = random.Random(seed), Node("a"), 0
    for now in range(50):
        if running and draw.random() < 0.5:
            node.record(draw.choice([GOOD, FAULT, NEITHER]), draw.choice([None, 0.1]), now)
            running -= 1
        else:
            node.admit(now)
            running += 1
        assert node.in_flight == running
