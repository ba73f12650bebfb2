"""The benchmark of failure: what callers notice when something goes wrong.

Five real server processes behind a client that calls at a steady rate, on loopback; the same for
kitfox, grpcio and aiohttp with tenacity, in turns. Printed for each scenario and stack: which part
of the calls got a good answer, p50 and p99 of all calls, and how much more the servers were asked
than there were calls. Fails if kitfox misses one of its goals.
"""

import argparse
import asyncio
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

import uvloop

from benchmarks._faults_fleet import CLIENTS, Fleet, fleets
from benchmarks._faults_load import Load, Seen
from benchmarks._faults_scenarios import (
    HEALTHY,
    ONE_SLOW,
    PEAK,
    RATE,
    SCENARIOS,
    Day,
    Scenario,
    Times,
)

FULL: Final = Times(before=2.0, trouble=8.0, after=3.0, overload=20.0, registry=30.0, between=2.0)
QUICK: Final = Times(before=0.6, trouble=1.5, after=0.2, overload=2.0, registry=2.0, between=0.3)
OURS: Final = frozenset({"kitfox", "+ hedge"})

GOOD: Final = 0.9999  # of the calls, in every scenario but overload
GOODPUT: Final = 0.8  # of what the servers can do
SLOWER: Final = 2.0  # times the healthy p99, with one slow server
EXTRA: Final = 0.2  # attempts for each call, beyond the first


class Result(NamedTuple):
    """What one scenario did to one stack."""

    scenario: Scenario
    stack: str
    seen: Seen
    asked: int
    seconds: float

    @property
    def good(self) -> float:
        """The share of good answers; under overload, of those that the servers can give."""
        if self.scenario.is_overload:
            return self.seen.good / (self.seconds * PEAK)
        return self.seen.good / self.seen.calls

    @property
    def extra(self) -> float:
        """How many more attempts reached the servers than there were calls, for each call."""
        return self.asked / self.seen.calls - 1.0

    def __str__(self) -> str:
        p50, p99 = (1000 * self.seen.quantile(part) for part in (0.5, 0.99))
        return (
            f"{self.scenario.name:<24} {self.stack:<8} {self.seen.calls:>6} {self.good:>9.3%} "
            f"{p50:>8.1f} {p99:>8.1f} {self.extra:>+8.1%}"
        )


HEADER: Final = (
    f"{'':<24} {'':<8} {'calls':>6} {'good':>9} {'p50, ms':>8} {'p99, ms':>8} {'extra':>8}"
)


async def measure(scenario: Scenario, fleet: Fleet, times: Times) -> Result:
    """Let a scenario happen to servers, under load."""
    loop = asyncio.get_running_loop()
    async with fleet.client() as do:
        load = Load(do, RATE)
        async with load.running():
            await asyncio.sleep(times.before)
        load.seen, asked, begun = Seen(), fleet.asked, loop.time()
        async with load.running():
            await scenario.happen(Day(fleet, load, times))
            if not scenario.is_overload:
                await asyncio.sleep(times.after)
            seconds = loop.time() - begun
    fleet.heal()
    return Result(scenario, fleet.stack, load.seen, fleet.asked - asked, seconds)


async def run(stacks: Sequence[str], scenarios: Sequence[Scenario], times: Times) -> list[Result]:
    """Measure everything in turns; print each result as it comes."""
    with tempfile.TemporaryDirectory() as folder:
        async with fleets(stacks, Path(folder)) as made:
            print(HEADER)
            return [
                await shown(scenario, fleet, times)
                for scenario in scenarios
                for fleet in made
                if not scenario.needs_registry or fleet.stack in OURS
            ]


async def shown(scenario: Scenario, fleet: Fleet, times: Times) -> Result:
    """Measure, and print the result and which errors there were, the most frequent ones."""
    result = await measure(scenario, fleet, times)
    print(result, flush=True)
    for error, count in result.seen.errors.most_common(3):
        print(f"{'':<34}{count} × {error}", flush=True)
    return result


def goals(results: Sequence[Result], stack: str) -> list[tuple[str, bool]]:
    """Return each goal in words, and whether it is met."""
    ours = {result.scenario: result for result in results if result.stack == stack}
    said: list[tuple[str, bool]] = []
    for scenario, result in ours.items():
        goal = GOODPUT if scenario.is_overload else GOOD
        said.append(
            (f"{scenario.name}: {result.good:.3%} good, of {goal:.2%}", result.good >= goal)
        )
        text = f"{scenario.name}: {result.extra:+.1%} attempts, of {EXTRA:+.0%} at most"
        said.append((text, result.extra <= EXTRA))
    if HEALTHY in ours and ONE_SLOW in ours:
        slower = ours[ONE_SLOW].seen.quantile(0.99) / ours[HEALTHY].seen.quantile(0.99)
        text = f"{ONE_SLOW.name}: p99 is {slower:.2f} × the healthy one, of {SLOWER:g} × at most"
        said.append((text, slower <= SLOWER))
    return said


async def interruptible(
    stacks: Sequence[str], scenarios: Sequence[Scenario], times: Times
) -> list[Result]:
    """Run; let SIGTERM do what Ctrl-C does: end the servers first."""
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await run(stacks, scenarios, times)


def main() -> int:
    """Run the benchmark; return 1 if a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="take a minute, and mean less")
    parser.add_argument("--stack", action="append", choices=CLIENTS, help="only this one")
    parser.add_argument("--scenario", default="", help="only those with this in their name")
    chosen = parser.parse_args()
    scenarios = [scenario for scenario in SCENARIOS if chosen.scenario in scenario.name]
    times = QUICK if chosen.quick else FULL
    results = uvloop.run(interruptible(chosen.stack or [*CLIENTS], scenarios, times))
    print()
    verdicts = [
        (f"{stack}, {text}", met)
        for stack in CLIENTS
        if stack in OURS
        for text, met in goals(results, stack)
    ]
    for text, met in verdicts:
        print(f"  {'met' if met else 'MISSED'}: {text}")
    return int(not all(met for _, met in verdicts))


if __name__ == "__main__":
    sys.exit(main())
