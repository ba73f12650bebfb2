"""Nodes that are clearly worse than the others are left out, for a while, and never too many."""

import pytest
from hypothesis import given, strategies as st

from kitfox.balancing import Node, Outliers
from kitfox.core import Outcome

NOW = 1000.0


@pytest.fixture
def nodes():
    return [Node(name) for name in "abcdefghij"]


def went(node, good, faults, now=NOW):
    for outcome, times in ((Outcome.FAULT, faults), (Outcome.GOOD, good)):
        for _ in range(times):
            node.admit(now)
            node.record(outcome, 0.001, now)


def ejected(nodes, now=NOW):
    return {node.id for node in nodes if node.ejected_until > now}


def faults_in_a_row(policy, node, nodes, now, times=5):
    went(node, 0, times, now)
    return policy.review(node, nodes, now)


def test_five_faults_in_a_row_eject_a_node_for_thirty_seconds(nodes):
    policy = Outliers()
    assert not faults_in_a_row(policy, nodes[0], nodes, NOW, times=4)
    assert faults_in_a_row(policy, nodes[0], nodes, NOW, times=1)
    assert nodes[0].ejected_until == NOW + 30.0
    assert [node.id for node in policy.usable(nodes, NOW)] == list("bcdefghij")
    assert len(policy.usable(nodes, NOW + 30.0)) == 10


def test_a_good_call_in_between_breaks_the_row(nodes):
    went(nodes[0], 1, 4)
    assert not faults_in_a_row(Outliers(), nodes[0], nodes, NOW, times=4)


def test_who_is_ejected_is_not_ejected_again_by_what_it_still_fails(nodes):
    policy = Outliers()
    faults_in_a_row(policy, nodes[0], nodes, NOW)
    assert not faults_in_a_row(policy, nodes[0], nodes, NOW + 10.0)
    assert nodes[0].ejected_until == NOW + 30.0


def test_each_ejection_is_longer_up_to_the_longest_and_good_times_make_it_shorter(nodes):
    policy, now, lengths = Outliers(longest=100.0), NOW, []
    for quiet in (0.0, 0.0, 0.0, 75.0, 1000.0):
        now += quiet
        nodes[0].readmit(now)
        faults_in_a_row(policy, nodes[0], nodes, now)
        lengths.append(nodes[0].ejected_until - now)
        now = nodes[0].ejected_until
    assert lengths == [30.0, 60.0, 90.0, 60.0, 30.0]


@given(st.integers(1, 20), st.floats(0, 1))
def test_no_more_than_their_part_are_ejected_at_once(count, most):
    nodes = [Node(str(number)) for number in range(count)]
    policy = Outliers(most=most)
    for node in nodes:
        faults_in_a_row(policy, node, nodes, NOW)
    assert len(ejected(nodes)) <= int(most * count)
    assert ejected(nodes) or int(most * count) < 1 or count == 1


def test_when_all_fail_none_is_an_outlier(nodes):
    policy = Outliers()
    for _ in range(50):
        for node in nodes:
            assert not faults_in_a_row(policy, node, nodes, NOW, times=1)


def test_one_of_two_may_be_an_outlier_and_a_single_node_may_not():
    policy, pair = Outliers(), [Node("a"), Node("b")]
    assert not faults_in_a_row(policy, pair[0], pair[:1], NOW)
    assert faults_in_a_row(policy, pair[0], pair, NOW)


def test_when_too_few_are_well_the_fault_is_behind_them_and_all_are_used(nodes):
    policy = Outliers(most=0.3, panic=0.5)
    for node in nodes[:5]:
        faults_in_a_row(policy, node, nodes, NOW, times=5)
    assert ejected(nodes) == set("abc")
    assert len(policy.usable(nodes, NOW)) == 7
    went(nodes[5], 0, 5)
    assert policy.usable(nodes, NOW) == nodes


def test_nodes_that_leave_may_cause_the_panic_too(nodes):
    policy = Outliers()
    for node in nodes[:4]:
        faults_in_a_row(policy, node, nodes, NOW)
    assert len(policy.usable(nodes, NOW)) == 6
    assert policy.usable(nodes[:7], NOW) == nodes[:7]


def test_who_does_clearly_worse_than_the_others_is_ejected(nodes):
    for node in nodes[1:]:
        went(node, 99, 1)
    went(nodes[0], 80, 20)
    assert Outliers().compare(nodes, NOW)
    assert ejected(nodes) == {"a"}


@pytest.mark.parametrize(
    ("good", "others"),
    [
        (97, [100] * 9),  # three of a hundred: far from the others, but within the margin
        (70, [60, 70, 80, 90, 100, 60, 70, 80, 90]),  # all differ
        (60, [60] * 9),  # all are as bad
    ],
)
def test_who_is_not_clearly_worse_stays(nodes, good, others):
    for node, rate in zip(nodes, [good, *others], strict=True):
        went(node, rate, 100 - rate)
    assert not Outliers().compare(nodes, NOW)


def test_few_calls_or_few_nodes_are_no_basis_to_compare(nodes):
    went(nodes[0], 0, 99)
    for node in nodes[1:]:
        went(node, 100, 0)
    assert not Outliers().compare(nodes, NOW)
    for node in nodes[:4]:
        went(node, 100, 0)
    went(nodes[0], 0, 100)
    assert not Outliers().compare(nodes[:4], NOW)


def test_an_interval_does_not_count_into_the_next(nodes):
    for node in nodes:
        went(node, 60, 0)
    Outliers().compare(nodes, NOW)
    assert all((node.good, node.faults) == (0, 0) for node in nodes)


@given(
    st.lists(st.tuples(st.integers(0, 200), st.integers(0, 200)), min_size=1, max_size=12),
    st.floats(0, 1),
    st.floats(0, 1),
)
def test_somebody_is_always_usable(counts, most, panic):
    nodes = [Node(str(number)) for number in range(len(counts))]
    policy = Outliers(most=most, panic=panic, peers=2, volume=10)
    for node, (good, faults) in zip(nodes, counts, strict=True):
        went(node, good, faults)
        policy.review(node, nodes, NOW)
    policy.compare(nodes, NOW)
    assert policy.usable(nodes, NOW)
