"""What most benchmarks measure: calls per second, by the clock and by the processor.

A ratio is that of calls per second of the *processor time* that the processes under test used. On
a quiet machine a busy process has its core for itself and that is what the clock says as well;
where others want the core too, only this says what a call costs. Both are printed.
"""

import statistics
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks._harness import Claim


class Sample(NamedTuple):
    """Calls per second by the clock, and per second of the processor time used for them."""

    clock: float
    processor: float


Measure = Callable[[], Sample]
Rounds = Mapping[str, Sequence[Sample]]


def rounds(measures: Mapping[str, Measure], *, times: int) -> Rounds:
    """Measure everything in turns, after a first round that does not count."""
    seen: dict[str, list[Sample]] = {name: [] for name in measures}
    for _ in range(times + 1):
        for name, measure in measures.items():
            seen[name].append(measure())
    return {name: samples[1:] for name, samples in seen.items()}


def ratios(samples: Rounds, subject: str, peer: str) -> list[float]:
    """Return the rounds' ratios in processor time, from the lowest to the highest."""
    pairs = zip(samples[subject], samples[peer], strict=True)
    return sorted(own.processor / other.processor for own, other in pairs)


def ratio(samples: Rounds, subject: str, peer: str) -> float:
    """Return the median of the rounds' ratios."""
    return statistics.median(ratios(samples, subject, peer))


def report(title: str, samples: Rounds, claims: Sequence[Claim]) -> bool:
    """Print what was measured and what it means; return whether all claims are met."""
    base = claims[0].peer
    print(f"\n{title:<22} {'calls/s':>10} {'calls/CPU s':>12}   ratio")
    for name, taken in samples.items():
        clock = statistics.median(sample.clock for sample in taken)
        processor = statistics.median(sample.processor for sample in taken)
        low, *_, high = ratios(samples, name, base)
        shown = f"{ratio(samples, name, base):5.2f} × {base} ({low:.2f} to {high:.2f})"
        print(f"  {name:<20} {clock:>10,.0f} {processor:>12,.0f}   {shown}")
    met = [ratio(samples, claim.subject, claim.peer) >= claim.least for claim in claims]
    for claim, good in zip(claims, met, strict=True):
        found = ratio(samples, claim.subject, claim.peer)
        word = "met" if good else "MISSED"
        print(f"  {word}: {claim.subject} is {found:.2f} × {claim.peer}, claimed {claim.least} ×")
    return all(met)


def processor_time(process: int) -> float:
    """Return the seconds that a process's threads have had a processor, to the microsecond."""
    threads = Path(f"/proc/{process}/task").glob("*/schedstat")
    return sum(int(thread.read_text().split()[0]) for thread in threads) / 1e9
