"""Lives that follow one another: whatever happens, one counts, and nobody is forgotten."""

import pytest
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from kitfox.supervisor._succession import Ended, Succession


@pytest.fixture
def lives() -> Succession:
    made = Succession()
    made.begin()
    return made


def test_an_heir_that_is_ready_counts_and_the_one_it_follows_leaves(lives):
    heir = lives.begin()
    assert lives.counts == 1
    assert lives.ready(heir) == 1
    assert (lives.counts, lives.heir, lives.leaving) == (heir, None, {1})
    assert lives.ended(1) is Ended.LEFT


def test_an_heir_that_ends_early_changes_nothing(lives):
    assert lives.ended(lives.begin()) is Ended.HEIR
    assert (lives.counts, lives.heir, lives.leaving) == (1, None, frozenset())


def test_when_the_one_that_counts_ends_its_heir_counts(lives):
    heir = lives.begin()
    assert lives.ended(1) is Ended.INHERITED
    assert lives.counts == heir
    assert lives.ready(heir) is None


def test_the_end_of_the_last_leaves_none(lives):
    assert lives.ended(1) is Ended.LAST
    assert lives.is_over
    assert lives.begin() == 2
    assert lives.counts == 2


def test_there_is_one_heir_at_a_time(lives):
    lives.begin()
    with pytest.raises(RuntimeError, match="life 2 is to follow life 1, no other"):
        lives.begin()


def test_the_end_of_a_stranger_is_a_fault(lives):
    with pytest.raises(RuntimeError, match="there is no life 7"):
        lives.ended(7)


class Lives(RuleBasedStateMachine):
    """Lives begin, are ready and end in any order."""

    numbers = Bundle("numbers")

    def __init__(self) -> None:
        super().__init__()
        self.lives = Succession()
        self.there: set[int] = set()

    @rule(target=numbers)
    def begin(self) -> int:
        if self.lives.heir is not None:
            return self.lives.heir
        number = self.lives.begin()
        self.there.add(number)
        return number

    @rule(number=numbers)
    def ready(self, number: int) -> None:
        before = self.lives.counts
        followed = self.lives.ready(number)
        assert followed is None or (followed == before and self.lives.counts == number)

    @rule(number=consumes(numbers))
    def end(self, number: int) -> None:
        if number in self.there:
            self.there.remove(number)
            self.lives.ended(number)

    @invariant()
    def everybody_is_exactly_one_thing(self) -> None:
        lives = self.lives
        known = [*lives.leaving, *({lives.counts, lives.heir} - {None})]
        assert sorted(known) == sorted(self.there)

    @invariant()
    def an_heir_has_somebody_to_follow(self) -> None:
        assert self.lives.heir is None or self.lives.counts is not None

    @invariant()
    def it_is_over_when_nobody_is_left(self) -> None:
        assert self.lives.is_over == (not self.there)


TestLives = Lives.TestCase
