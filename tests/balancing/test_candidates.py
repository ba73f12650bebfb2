"""Which nodes a call may go to now, and what is kept of those that left."""

import random

import pytest
from hypothesis import given, strategies as st

from kitfox.balancing import Among, Candidates, History, Node, Outliers, Prefer
from kitfox.core import Outcome

NOW = 1000.0


def fail(candidates, node, times=5, now=NOW):
    for _ in range(times):
        node.admit(now)
        node.record(Outcome.FAULT, 0.001, now)
        candidates.review(node, now)


def ids(nodes):
    return "".join(node.id for node in nodes)


@pytest.fixture
def nodes():
    return [Node(name, metadata={"zone": "ab"[name > "c"]}) for name in "abcdef"]


@pytest.fixture
def candidates(nodes):
    candidates = Candidates(Among())
    candidates.replace(nodes)
    return candidates


def test_the_same_sequence_is_given_while_nothing_changes(candidates, nodes):
    first = candidates.at(NOW)
    assert ids(first) == "abcdef"
    assert candidates.at(NOW + 100.0) is first
    candidates.replace(nodes)
    assert candidates.at(NOW + 100.0) is not first


def test_nodes_without_weight_get_no_calls(candidates, nodes):
    nodes[1].weight = 0
    candidates.replace(nodes)
    assert ids(candidates.at(NOW)) == "acdef"
    assert ids(candidates.others(NOW, tried="acdef", barred="")) == "acdef"


def test_an_outlier_is_left_out_until_its_time_is_over_and_then_starts_slowly(candidates, nodes):
    assert len(candidates.at(NOW)) == 6
    fail(candidates, nodes[2])
    assert ids(candidates.at(NOW)) == "abdef"
    assert ids(candidates.at(NOW + 29.9)) == "abdef"
    assert ids(candidates.at(NOW + 30.0)) == "abcdef"
    assert (nodes[2].since, nodes[2].streak) == (NOW + 30.0, 0)


def test_success_is_compared_once_in_an_interval(candidates, nodes):
    candidates.review(nodes[0], NOW)
    for number in range(1200):
        node = nodes[number % 6]
        node.admit(NOW)
        bad = node is nodes[0] and number % 4 == 0
        node.record(Outcome.FAULT if bad else Outcome.GOOD, 0.001, NOW)
        candidates.review(node, NOW + 5.0)
    assert ids(candidates.at(NOW + 5.0)) == "abcdef"
    candidates.review(nodes[5], NOW + 10.0)
    assert ids(candidates.at(NOW + 10.0)) == "bcdef"


def test_without_outliers_nobody_is_left_out(nodes):
    candidates = Candidates(Among(outliers=None))
    candidates.replace(nodes)
    fail(candidates, nodes[0], times=50)
    assert ids(candidates.at(NOW)) == "abcdef"


def test_a_panic_ends_soon_after_its_reason(candidates, nodes):
    for node in nodes[:4]:
        fail(candidates, node)
    assert ids(candidates.at(NOW)) == "abcdef"
    for node in nodes[3:]:
        node.admit(NOW)
        node.record(Outcome.GOOD, 0.001, NOW)
    assert ids(candidates.at(NOW + 1.0)) == "def"


def test_near_nodes_are_given_and_others_when_they_are_ejected(nodes):
    candidates = Candidates(
        Among(prefer=Prefer({"zone": "a"}), outliers=Outliers(streak=1)), draw=lambda: 0.95
    )
    candidates.replace(nodes)
    assert ids(candidates.at(NOW)) == "abc"
    fail(candidates, nodes[0], times=1)
    assert ids(candidates.at(NOW)) == "def"  # 2 of 3, times 1.4, is enough for 0.93 of the calls


def test_a_further_attempt_goes_near_then_far_then_to_the_ejected_then_where_it_was(nodes):
    candidates = Candidates(Among(prefer=Prefer({"zone": "a"})))
    candidates.replace(nodes)
    fail(candidates, nodes[3])
    assert ids(candidates.others(NOW, tried="a", barred="")) == "bc"
    assert ids(candidates.others(NOW, tried="ab", barred="c")) == "def"
    assert ids(candidates.others(NOW, tried="abcef", barred="")) == "d"
    assert ids(candidates.others(NOW, tried="abcdef", barred="a")) == "bc"
    assert ids(candidates.others(NOW, tried="abcdef", barred="abc")) == "def"
    assert ids(candidates.others(NOW, tried="", barred="abcdef")) == ""


def test_no_nodes_are_no_candidates():
    for among in (Among(), Among(outliers=None), Among(prefer=Prefer({"zone": "a"}))):
        assert list(Candidates(among).at(NOW)) == []


@given(st.integers(0, 2**32))
def test_whatever_happens_somebody_takes_the_calls(seed):
    draw = random.Random(seed)
    nodes = [Node(name, metadata={"zone": draw.choice("ab")}) for name in "abcdef"]
    among = Among(prefer=Prefer({"zone": "a"}), outliers=Outliers(streak=2, base=5.0))
    candidates, now = Candidates(among, draw=draw.random), NOW
    candidates.replace(nodes)
    for _ in range(100):
        now += draw.choice([0.0, 0.5, 4.0])
        if draw.random() < 0.2:
            nodes[draw.randrange(1, 6)].weight = draw.choice([1, 1, 0])
            candidates.replace(nodes[:1] + draw.sample(nodes[1:], 3))
        given_now = candidates.at(now)
        assert given_now
        fail(candidates, draw.choice(given_now), times=draw.randrange(3), now=now)


def test_who_is_back_where_it_was_is_remembered():
    history, node = History(), Node("a", address="rpc://a")
    history.keep(node, NOW)
    assert history.recall("b", "rpc://a", NOW) is None
    assert history.recall("a", "rpc://a", NOW + 600.0) is node
    assert history.recall("a", "rpc://a", NOW) is None


def test_who_comes_from_elsewhere_or_much_later_is_a_stranger():
    history, node = History(age=60.0), Node("a", address="rpc://a")
    history.keep(node, NOW)
    assert history.recall("a", "rpc://elsewhere", NOW) is None
    history.keep(node, NOW)
    assert history.recall("a", "rpc://a", NOW + 60.1) is None


@given(st.lists(st.integers(0, 20), max_size=60), st.integers(0, 5))
def test_no_more_are_remembered_than_allowed_the_latest(left, most):
    history = History(most=most)
    for at, number in enumerate(left):
        history.keep(Node(str(number)), float(at))
        assert len(history) <= most
    latest = list(dict.fromkeys(str(number) for number in reversed(left)))
    known = [name for name in latest if history.recall(name, "", float(len(left)))]
    assert known == latest[:most]
