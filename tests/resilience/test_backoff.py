"""How long to wait before trying again."""

import pytest
from hypothesis import given, settings, strategies as st

from kitfox.resilience import Backoff

draws = st.floats(0, 1, exclude_max=True)


def test_the_limit_of_a_wait_doubles_until_it_is_the_longest():
    backoff = Backoff(base=0.1, longest=1.0)
    limits = [backoff.wait(failed, 1.0) for failed in range(1, 7)]
    assert limits == pytest.approx([0.1, 0.2, 0.4, 0.8, 1.0, 1.0])


@settings(deadline=None)
@given(st.integers(1, 10**6), draws)
def test_each_wait_is_anything_from_nothing_to_its_limit(failed, draw):
    backoff = Backoff()
    assert backoff.wait(failed, 0.0) == 0.0
    assert backoff.wait(failed, draw) == draw * backoff.wait(failed, 1.0)
    assert 0.0 <= backoff.wait(failed, draw) <= backoff.longest


@pytest.mark.parametrize("wrong", [{"base": -1.0}, {"factor": 0.5}, {"longest": -0.1}])
def test_what_makes_no_sense_is_refused(wrong):
    with pytest.raises(ValueError, match="expected base >= 0, longest >= 0 and a factor"):
        Backoff(**wrong)
