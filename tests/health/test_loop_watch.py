"""When a loop counts as blocked, and what is told of it."""

import pytest
from hypothesis import given, strategies as st

from kitfox.health._loop_watch import LoopWatch, News


def watch():
    return LoopWatch(dump_after=1.0, dead_after=3.0, every=0.25)


def silence(watched, seconds, *, since=0.0):
    """Look as often as the watcher does, without a sign of life; returns what there was to tell."""
    looks = [since + 0.25 * turn for turn in range(1, round(seconds / 0.25) + 1)]
    return [news for now in looks if (news := watched.look(now, sign=False))]


def test_a_loop_that_gives_signs_is_not_blocked():
    watched = watch()
    assert [watched.look(0.25 * turn, sign=True) for turn in range(100)] == [None] * 100
    assert watched.blocked == 0.0


def test_a_blockage_is_told_once_and_so_is_its_end_with_its_length():
    watched = watch()
    watched.look(0.0, sign=True)
    assert silence(watched, 2.0) == [News(1.0)]
    assert not watched.dead
    assert watched.look(2.25, sign=True) == News(2.0, over=True)
    assert watched.look(2.5, sign=True) is None
    assert silence(watched, 2.0, since=2.5) == [News(1.0)]


def test_a_short_silence_is_not_told_at_all():
    watched = watch()
    watched.look(0.0, sign=True)
    assert silence(watched, 0.75) == []
    assert watched.look(1.0, sign=True) is None


def test_a_loop_is_dead_after_its_time_and_alive_again_with_the_next_sign():
    watched = watch()
    watched.look(0.0, sign=True)
    silence(watched, 2.75)
    assert not watched.dead
    watched.look(3.0, sign=False)
    assert watched.dead
    watched.look(3.25, sign=True)
    assert not watched.dead


def test_time_in_which_the_watcher_was_held_up_itself_does_not_count():
    watched = watch()
    watched.look(0.0, sign=True)
    assert watched.look(3600.0, sign=False) is None
    assert watched.blocked == 0.5
    assert not watched.dead


@given(st.lists(st.tuples(st.floats(0.0, 100.0), st.booleans()), max_size=50))
def test_whatever_happens_ends_are_told_of_what_was_told_to_have_begun(looks):
    watched, now, told = watch(), 0.0, []
    for step, sign in looks:
        now += step
        told.append(watched.look(now, sign=sign))
    overs = [news.over for news in told if news]
    assert overs == [bool(place % 2) for place in range(len(overs))]


@pytest.mark.parametrize(("dump", "dead", "every"), [(1, 0.5, 0.1), (0, 1, 0), (1, 2, 1.5)])
def test_times_that_make_no_sense_are_refused(dump, dead, every):
    with pytest.raises(ValueError, match="dump_after"):
        LoopWatch(dump_after=dump, dead_after=dead, every=every)
