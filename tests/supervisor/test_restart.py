"""How long the supervisor waits before it starts a process again."""

from hypothesis import given, strategies as st

from kitfox.supervisor._restart import Restart

draws = st.floats(0, 1, exclude_max=True)


def test_each_end_doubles_the_wait_up_to_the_longest():
    restart = Restart(first=1, longest=5)
    assert [restart.decide(now, 1, draw=0) for now in range(5)] == [1, 2, 4, 5, 5]


def test_a_process_that_served_long_enough_starts_afresh():
    restart = Restart(first=1, healthy_after=10)
    restart.decide(0, 1, draw=0)
    restart.ready(20)
    assert restart.decide(30, 1, draw=0) == 1


def test_a_process_that_served_for_a_moment_goes_on_backing_off():
    restart = Restart(first=1, healthy_after=10)
    restart.decide(0, 1, draw=0)
    restart.ready(20)
    assert restart.decide(29, 1, draw=0) == 2
    assert restart.decide(100, 1, draw=0) == 4, "the readiness of an earlier life counts no more"


def test_a_wrong_use_is_not_tried_again():
    assert Restart().decide(0, 2, draw=0) is None


@given(st.lists(draws, min_size=1, max_size=50), st.floats(0.01, 10), st.floats(10, 100))
def test_a_wait_is_between_half_and_whole_of_its_step(
    drawn: list[float], first: float, longest: float
):
    restart = Restart(first=first, longest=longest)
    for step, draw in enumerate(drawn):
        whole = min(first * 2.0**step, longest)
        wait = restart.decide(0, -9, draw=draw)
        assert wait is not None
        assert whole / 2 <= wait <= whole
