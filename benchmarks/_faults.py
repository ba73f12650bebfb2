"""The benchmark of failure: what callers notice when something goes wrong.

Five real server processes behind a client that calls at a steady rate, on loopback; the same for
kitfox, grpcio and aiohttp with tenacity, in turns. Printed for each scenario and stack: which part
of the calls got a good answer, p50 and p99 of all calls, and how much more the servers were asked
than there were calls; as a table for docs/faults.md. Fails if kitfox misses one of its goals.
"""

import argparse
import asyncio
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import uvloop

from benchmarks._faults_fleet import CLIENTS, Fleet, fleets
from benchmarks._faults_goals import Result, verdicts
from benchmarks._faults_load import Load, Seen
from benchmarks._faults_scenarios import RATE, SCENARIOS, Day, Scenario, Times

FULL: Final = Times(before=2.0, trouble=8.0, after=3.0, overload=20.0, registry=30.0, between=2.0)
QUICK: Final = Times(before=0.6, trouble=1.5, after=0.2, overload=2.0, registry=2.0, between=0.3)
OURS: Final = frozenset({"kitfox", "+ hedge"})
ON: Final = """\
kitfox: what is on by default, so no hedges; and at the servers a bulkhead
+ hedge: the same, and hedge = true
"""
HEADER: Final = """\
|                         |         |     good | p50, ms | p99, ms |   extra |
|-------------------------|---------|---------:|--------:|--------:|--------:|"""


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
            rate = load.seen.good / (loop.time() - begun)
    fleet.heal()
    return Result(scenario, fleet.stack, load.seen, fleet.asked - asked, rate)


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
    """Measure, and print the result as a line of the table."""
    result = await measure(scenario, fleet, times)
    p50, p99 = 1000 * result.seen.quantile(0.5), 1000 * result.p99
    print(
        f"| {scenario.name:<23} | {fleet.stack:<7} | {result.good:>8.2%} | {p50:>7.1f} "
        f"| {p99:>7.1f} | {result.extra:>+7.1%} |",
        flush=True,
    )
    return result


async def interruptible(
    stacks: Sequence[str], scenarios: Sequence[Scenario], times: Times
) -> list[Result]:
    """Run; let SIGTERM do what Ctrl-C does: end the servers first."""
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await run(stacks, scenarios, times)


def report(results: Sequence[Result]) -> bool:
    """Print which errors there were, the most frequent ones, and say whether all goals are met."""
    print()
    for result in results:
        for error, count in result.seen.errors.most_common(3):
            print(f"  {result.scenario.name}, {result.stack}: {count} × {error}")
    print()
    judged = [verdict for stack in CLIENTS if stack in OURS for verdict in verdicts(results, stack)]
    for verdict in judged:
        print(f"  {verdict}")
    return all(verdict.met for verdict in judged)


def main() -> int:
    """Run the benchmark; return 1 if a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="take two minutes, and mean less")
    parser.add_argument("--stack", action="append", choices=CLIENTS, help="only this one")
    parser.add_argument("--scenario", default="", help="only those with this in their name")
    chosen = parser.parse_args()
    scenarios = [scenario for scenario in SCENARIOS if chosen.scenario in scenario.name]
    times = QUICK if chosen.quick else FULL
    print(ON)
    results = uvloop.run(interruptible(chosen.stack or [*CLIENTS], scenarios, times))
    return int(not report(results))


if __name__ == "__main__":
    sys.exit(main())
