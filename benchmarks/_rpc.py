"""MessagePack-RPC beside grpcio's asyncio stack: a record of about 200 bytes, there and back.

One process serves on one core, another calls on the other core over one connection: 64 calls in
flight, then one at a time. The peers take turns in short rounds.

`bare` is a client on the connection itself. `stacked` has what kitfox has by default at both ends:
a cluster with its balancer, a deadline that both enforce, retries within a budget, a breaker; and
at the server the longest deadline, and shedding.

With calls in flight, ratios are those of processor time (`_samples.py` says why), of the process
that used more of it. One at a time, what counts is the clock: the median call of each round.
"""

import argparse
import contextlib
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import partial

import msgspec

from benchmarks._harness import LOAD_CORE, ROOT, Claim, free_port, server, stay_on
from benchmarks._rpc_load import Load
from benchmarks._samples import Measure, Sample, report, rounds

IN_FLIGHT = 64
PEER = "grpcio"
CLIENTS = {"grpcio": "grpcio", "bare": "kitfox", "stacked": "stacked"}  # and who serves them
CLAIMS = (Claim("bare", PEER, 15.0), Claim("stacked", PEER, 8.0))
LONGEST = 0.35  # of the peer's, is the median call, one at a time


class Served(msgspec.Struct, frozen=True):
    """A server that runs."""

    port: int
    process: int


@contextlib.contextmanager
def running() -> Iterator[Mapping[str, Served]]:
    """Start the servers; yield where each client finds its own."""
    with contextlib.ExitStack() as stack:
        started: dict[str, Served] = {}
        for name in set(CLIENTS.values()):
            port = free_port()
            command = ("-m", "benchmarks._rpc_servers", name, str(port))
            process = stack.enter_context(server(*command, port=port))
            started[name] = Served(port, process.pid)
        yield {client: started[name] for client, name in CLIENTS.items()}


def call(client: str, served: Served, *, workers: int, seconds: float) -> Load:
    """Let a client, in a process of its own, call for so long."""
    arguments = (client, *map(str, (served.port, served.process, workers, seconds)))
    command = [sys.executable, "-m", "benchmarks._rpc_load", *arguments]
    done = subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.PIPE)
    return msgspec.json.decode(done.stdout, type=Load)


def many(client: str, served: Served, *, seconds: float) -> Sample:
    """Measure a client with many calls in flight."""
    load = call(client, served, workers=IN_FLIGHT, seconds=seconds)
    return Sample(load.calls / load.took, load.calls / max(load.used, load.served))


def one(client: str, served: Served, *, seconds: float) -> float:
    """Return how long a call takes, one at a time: the median, in seconds."""
    return call(client, served, workers=1, seconds=seconds).median


def throughput(started: Mapping[str, Served], *, seconds: float, times: int) -> bool:
    """Measure calls in flight; return whether the claims are met."""
    measures: dict[str, Measure] = {
        client: partial(many, client, served, seconds=seconds) for client, served in started.items()
    }
    return report(f"{IN_FLIGHT} in flight", rounds(measures, times=times), CLAIMS)


def latency(started: Mapping[str, Served], *, seconds: float, times: int) -> bool:
    """Measure calls one at a time; return whether the claim is met."""
    seen: dict[str, list[float]] = {client: [] for client in started}
    for _ in range(times):
        for client, served in started.items():
            seen[client].append(one(client, served, seconds=seconds))
    print(f"\n{'one at a time':<22} {'median, µs':>10}   ratio")
    for client, medians in seen.items():
        shown = f"{_ratio(medians, seen[PEER]):5.2f} × {PEER}"
        print(f"  {client:<20} {statistics.median(medians) * 1e6:>10,.0f}   {shown}")
    found = _ratio(seen["bare"], seen[PEER])
    word = "met" if found <= LONGEST else "MISSED"
    print(f"  {word}: bare takes {found:.2f} × {PEER}, claimed at most {LONGEST} ×")
    return found <= LONGEST


def _ratio(own: Sequence[float], other: Sequence[float]) -> float:
    return statistics.median(a / b for a, b in zip(own, other, strict=True))


def main() -> int:
    """Measure everything; return the exit code."""
    parser = argparse.ArgumentParser(description="kitfox's own wire against gRPC's")
    parser.add_argument("--quick", action="store_true", help="three short rounds instead of seven")
    quick = parser.parse_args().quick
    seconds, times = (0.5, 3) if quick else (1.5, 7)
    stay_on(LOAD_CORE)
    print(
        f"{os.cpu_count()} cores, load average {os.getloadavg()[0]:.1f}, ratios of processor time"
    )
    with running() as started:
        met = [
            throughput(started, seconds=seconds, times=times),
            latency(started, seconds=seconds, times=times),
        ]
    return 0 if all(met) else 1
