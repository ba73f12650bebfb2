"""What goes wrong in the benchmark of failure. Each thing is right again when it returns."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from typing import Final, NamedTuple

from benchmarks._faults_fleet import SIZE, Fleet
from benchmarks._faults_job import PLACES
from benchmarks._faults_ledger import WORK
from benchmarks._faults_load import Load

RATE: Final = 200.0  # calls a second
SLOW: Final = 20  # times slower
HEAVY: Final = 0.08  # seconds for a call under overload
PEAK: Final = SIZE * PLACES / HEAVY  # good answers a second that the servers can give then
OVERLOAD: Final = 3


class Times(NamedTuple):
    """How long things take, in seconds."""

    before: float
    trouble: float
    after: float
    overload: float
    registry: float
    between: float
    """From one server that is restarted to the next: clients may take a second to be back."""


class Day(NamedTuple):
    """Servers, the load on them, and how long the trouble is."""

    fleet: Fleet
    load: Load
    times: Times


async def nothing(day: Day) -> None:
    """Let all be well."""
    await asyncio.sleep(day.times.trouble)


async def one_is_slow(day: Day) -> None:
    """Let one server take 20 times as long."""
    day.fleet.nodes[1].ledger.work = SLOW * WORK
    await asyncio.sleep(day.times.trouble)
    day.fleet.heal()


async def one_is_silent(day: Day) -> None:
    """Stop one server, whose connections stay open."""
    day.fleet.nodes[1].signal(signal.SIGSTOP)
    try:
        await asyncio.sleep(day.times.trouble)
    finally:
        day.fleet.nodes[1].signal(signal.SIGCONT)


async def one_is_killed(day: Day) -> None:
    """Kill one server, and start it again."""
    await day.fleet.nodes[1].kill()
    await asyncio.sleep(day.times.trouble)
    await day.fleet.nodes[1].start()


async def all_are_restarted(day: Day) -> None:
    """Stop each server kindly and start it again, one after the other."""
    for node in day.fleet.nodes:
        await node.stop()
        await node.start()
        await asyncio.sleep(day.times.between)


async def no_registry(day: Day) -> None:
    """Kill the registry, and start it again."""
    await day.fleet.registry.kill()
    await asyncio.sleep(day.times.registry)
    await day.fleet.registry.start()


async def one_is_broken(day: Day) -> None:
    """Let one server answer each call with an error, at once."""
    day.fleet.nodes[1].ledger.broken = True
    await asyncio.sleep(day.times.trouble)
    day.fleet.heal()


async def too_much(day: Day) -> None:
    """Ask for three times as much as the servers can do."""
    for node in day.fleet.nodes:
        node.ledger.work = HEAVY
    day.load.rate = OVERLOAD * PEAK
    await asyncio.sleep(day.times.overload)


class Scenario(NamedTuple):
    """What happens, and what is special about it."""

    name: str
    happen: Callable[[Day], Awaitable[None]]
    is_overload: bool = False
    """The servers cannot answer everything, and none of it is after the trouble."""
    needs_registry: bool = False


HEALTHY: Final = Scenario("all is well", nothing)
ONE_SLOW: Final = Scenario(f"one is {SLOW} × slower", one_is_slow)
SCENARIOS: Final = (
    HEALTHY,
    ONE_SLOW,
    Scenario("one is silent", one_is_silent),
    Scenario("one is killed, and back", one_is_killed),
    Scenario("all are restarted", all_are_restarted),
    Scenario("no registry", no_registry, needs_registry=True),
    Scenario("one answers errors", one_is_broken),
    Scenario(f"{OVERLOAD} × overload", too_much, is_overload=True),
)
