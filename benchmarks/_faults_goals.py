"""What the benchmark of failure found, and whether that is what kitfox promises."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from benchmarks._faults_load import Seen
from benchmarks._faults_scenarios import HEALTHY, ONE_SLOW, PEAK, Scenario

GOOD: Final = 0.9999  # of the calls, in every scenario but overload
GOODPUT: Final = 0.8  # of what the servers can do, under overload
SLOWER: Final = 2.0  # times the healthy p99, with one slow server
ENOUGH: Final = 2000  # calls: of fewer, the first to meet the slow server are a part of 100 already
EXTRA: Final = 0.2  # attempts for each call, beyond the first


class Result(NamedTuple):
    """What one scenario did to one stack; `rate` is of good answers a second while it did."""

    scenario: Scenario
    stack: str
    seen: Seen
    asked: int
    rate: float

    @property
    def good(self) -> float:
        """The share of good answers; under overload, of those that the servers can give."""
        if self.scenario.is_overload:
            return self.rate / PEAK
        return self.seen.good / self.seen.calls

    @property
    def extra(self) -> float:
        """How many more attempts reached the servers than there were calls, for each call."""
        return self.asked / self.seen.calls - 1.0

    @property
    def p99(self) -> float:
        """After how many seconds 99 of 100 calls were over, failed ones too."""
        return self.seen.quantile(0.99)


class Verdict(NamedTuple):
    """One goal, what came nearest to missing it, and whether it is met."""

    text: str
    met: bool

    def __str__(self) -> str:
        """Say it in a line."""
        return f"{'met' if self.met else 'MISSED'}: {self.text}"


def verdicts(results: Iterable[Result], stack: str) -> Iterator[Verdict]:
    """Yield the goals that a stack's results say anything about."""
    own = [result for result in results if result.stack == stack]
    usual = [result for result in own if not result.scenario.is_overload]
    overloads = [result for result in own if result.scenario.is_overload]
    if usual:
        yield _least_good(usual, GOOD, f"{stack}: {GOOD:.2%} good in all but overload")
    if overloads:
        yield _least_good(overloads, GOODPUT, f"{stack}: {GOODPUT:.0%} of the peak under overload")
    if own:
        yield _most_extra(own, stack)
    yield from _slower(own, stack)


def _least_good(results: Sequence[Result], goal: float, text: str) -> Verdict:
    worst = min(results, key=lambda result: result.good)
    found = f"{worst.good:.3%} at least ({worst.scenario.name})"
    return Verdict(f"{text}: {found}", worst.good >= goal)


def _most_extra(results: Sequence[Result], stack: str) -> Verdict:
    worst = max(results, key=lambda result: result.extra)
    found = f"{worst.extra:+.1%} at most ({worst.scenario.name})"
    return Verdict(f"{stack}: {EXTRA:+.0%} attempts: {found}", worst.extra <= EXTRA)


def _slower(results: Sequence[Result], stack: str) -> Iterator[Verdict]:
    p99 = {result.scenario: result.p99 for result in results if result.seen.calls >= ENOUGH}
    if HEALTHY in p99 and ONE_SLOW in p99:
        slower = p99[ONE_SLOW] / p99[HEALTHY]
        text = f"{stack}: {SLOWER:g} × the healthy p99 when {ONE_SLOW.name}: {slower:.2f} ×"
        yield Verdict(text, slower <= SLOWER)
