"""Processes that share a socket, as one of them sees it, and all of them together."""

import math

from hypothesis import given, strategies as st

from kitfox.net._courtesy import Courtesy

counts = st.dictionaries(st.integers(0, 5), st.integers(0, 20), max_size=4)


def test_who_has_no_more_than_the_others_takes_the_next():
    assert not Courtesy().whose(0, {})
    assert not Courtesy().whose(3, {1: 3, 2: 7})


def test_who_has_more_leaves_it_to_those_who_have_fewer():
    assert Courtesy().whose(3, {1: 2, 2: 3, 3: 0}) == {1: 2, 3: 0}


def test_who_has_hardly_more_takes_the_next():
    assert Courtesy().whose(7, {1: 6})
    assert not Courtesy().whose(80, {1: 70})
    assert Courtesy().whose(80, {1: 69})


def test_who_lets_a_moment_pass_is_waited_for_again_when_its_count_has_moved():
    courtesy = Courtesy()
    courtesy.waited({1: 0}, {1: 0})
    assert not courtesy.whose(3, {1: 0})
    assert courtesy.whose(3, {1: 1})


def test_who_takes_one_in_time_is_waited_for_again():
    courtesy = Courtesy()
    courtesy.waited({1: 0}, {1: 1})
    assert courtesy.whose(3, {1: 1})


@given(own=st.integers(0, 20), others=counts, moments=st.integers(1, 40))
def test_after_a_moment_in_which_nothing_moved_the_connection_is_taken(own, others, moments):
    courtesy = Courtesy()
    for _ in range(moments):
        if waited_for := courtesy.whose(own, others):
            courtesy.waited(waited_for, others)
        assert not courtesy.whose(own, others)
        courtesy.took()


@given(connections=st.integers(1, 3000))
def test_who_never_has_time_is_hardly_waited_for(connections):
    courtesy, moments = Courtesy(), 0
    for own in range(1, connections + 1):
        if waited_for := courtesy.whose(own, {1: 0}):
            courtesy.waited(waited_for, {1: 0})
            moments += 1
        courtesy.took()
    assert moments <= 6 + math.log2(connections) + connections / 1024


class Process:
    def __init__(self) -> None:
        self.courtesy = Courtesy()
        self.open = 0

    def take(self) -> None:
        self.courtesy.took()
        self.open += 1


def others(processes: list[Process], one: Process) -> dict[int, int]:
    return {place: each.open for place, each in enumerate(processes) if each is not one}


@given(orders=st.lists(st.permutations(range(4)), max_size=60))
def test_idle_processes_have_as_many_each_whoever_wakes_up_first(orders):
    processes = [Process() for _ in range(4)]
    for order in orders:
        for one in (processes[place] for place in order):
            if not one.courtesy.whose(one.open, others(processes, one)):
                one.take()
                break
        counts = [each.open for each in processes]
        assert max(counts) - min(counts) <= 1 + max(counts) // 8


@given(
    start=st.lists(st.integers(0, 9), min_size=4, max_size=4),
    orders=st.lists(st.permutations(range(3)), max_size=40),
)
def test_a_connection_waits_one_moment_at_most_for_a_process_that_is_stopped(start, orders):
    processes = [Process() for _ in range(4)]
    for process, count in zip(processes, start, strict=True):
        process.open = count
    for order in orders:
        before = sum(each.open for each in processes)
        look(processes, order)
        if sum(each.open for each in processes) == before:
            look(processes, order)
        assert sum(each.open for each in processes) == before + 1


def look(processes: list[Process], order: list[int]) -> None:
    """Let processes look at a connection in an order; who left it to others waits then."""
    left = []
    for one in (processes[place] for place in order):
        seen = others(processes, one)
        if not (waited_for := one.courtesy.whose(one.open, seen)):
            one.take()
            return
        left.append((one, waited_for))
    for one, waited_for in left:
        one.courtesy.waited(waited_for, others(processes, one))
