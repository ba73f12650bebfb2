"""What the benchmarks share: servers in processes of their own, quiet rounds, tables of ratios.

The rules: everything on loopback; one core serves and another makes the load, where there are two;
each claim is a ratio to a peer measured in the same run, in turns, so that a noisy machine is
noisy for both; the median of the rounds counts. A claim that is not met makes the script fail.
"""

import asyncio
import contextlib
import os
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

START = 20.0
SERVER_CORE, LOAD_CORE = 0, 1
ROOT = Path(__file__).parents[1]  # where `python -m benchmarks.…` finds this folder


@dataclass(frozen=True)
class Claim:
    """That one measured thing is at least so many times another; `least` is a ratio."""

    subject: str
    peer: str
    least: float


def free_port() -> int:
    """Return a port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def stay_on(core: int, process: int = 0) -> None:
    """Keep a process (this one, if none is named) on one core, if there is such a core."""
    if hasattr(os, "sched_setaffinity") and core in os.sched_getaffinity(0):
        os.sched_setaffinity(process, {core})


@contextlib.contextmanager
def server(*command: str, port: int, core: int = SERVER_CORE) -> Iterator[subprocess.Popen[bytes]]:
    """Run `python command…` until the block ends; it is entered when the port answers.

    Raises RuntimeError if the process ends or does not listen within 20 seconds.
    """
    process = subprocess.Popen([sys.executable, *command], stdout=subprocess.DEVNULL, cwd=ROOT)
    stay_on(core, process.pid)
    try:
        _wait_for(process, port)
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for(process: subprocess.Popen[bytes], port: int) -> None:
    end = time.monotonic() + START
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.02)
    raise RuntimeError(f"{process.args!r} does not listen on port {port}")


async def calls_per_second(
    call: Callable[[], Awaitable[object]], *, seconds: float, workers: int
) -> float:
    """Make calls from so many workers for so long; return how many were done each second."""
    start = time.perf_counter()
    end = start + seconds
    done = 0

    async def work() -> None:
        nonlocal done
        while time.perf_counter() < end:
            await call()
            done += 1

    async with asyncio.TaskGroup() as group:
        for _ in range(workers):
            group.create_task(work())
    return done / (time.perf_counter() - start)


def rounds(measures: Mapping[str, Callable[[], float]], *, times: int = 5) -> dict[str, float]:
    """Measure everything in turns; return the median of each."""
    seen: dict[str, list[float]] = {name: [] for name in measures}
    for _ in range(times):
        for name, measure in measures.items():
            seen[name].append(measure())
    return {name: statistics.median(values) for name, values in seen.items()}


def table(title: str, values: Mapping[str, float], *, unit: str, base: str) -> None:
    """Print each value and its ratio to the base's."""
    width = max(map(len, values))
    print(f"\n{title}")
    for name, value in values.items():
        print(f"  {name:<{width}}  {value:>12,.1f} {unit}  {value / values[base]:>6.2f} × {base}")


def verdict(claims: Sequence[Claim], values: Mapping[str, float]) -> int:
    """Print whether each claim is met; return 1 if one is not, for sys.exit."""
    missed = 0
    for claim in claims:
        ratio = values[claim.subject] / values[claim.peer]
        met = ratio >= claim.least
        missed += not met
        word = "met" if met else "MISSED"
        print(f"  {word}: {claim.subject} is {ratio:.2f} × {claim.peer}, claimed {claim.least} ×")
    return int(missed > 0)
