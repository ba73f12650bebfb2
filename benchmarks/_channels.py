"""Channels beside anyio's memory object streams and asyncio's Queue: items through one of each.

So many tasks send and as many receive, in one loop; the peers take turns in short rounds. A "call"
is one item, sent and received. Ratios are those of processor time (`_samples.py` says why).

A Queue cannot be without room; where a channel and a stream are, it has room for one item.
"""

import argparse
import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from itertools import product

import anyio
import uvloop

from benchmarks._harness import LOAD_CORE, Claim, stay_on
from benchmarks._samples import Measure, Sample, report, rounds
from kitfox.channels import Channel

Ends = tuple[Callable[[int], Awaitable[None]], Callable[[], Awaitable[int]]]

CLAIMS = (Claim("Channel", "asyncio.Queue", 0.8), Claim("Channel", "anyio", 2.0))
ROOMS = (0, 1, 100)  # items
TASKS = (1, 4)  # that send, and as many that receive


@contextmanager
def channel(room: int) -> Iterator[Ends]:
    """Give the two ends of a channel."""
    made = Channel[int](room)
    yield made.send, made.receive


@contextmanager
def queue(room: int) -> Iterator[Ends]:
    """Give the two ends of a queue."""
    made = asyncio.Queue[int](max(1, room))
    yield made.put, made.get


@contextmanager
def stream(room: int) -> Iterator[Ends]:
    """Give the two ends of a stream."""
    send, receive = anyio.create_memory_object_stream[int](room)
    with send, receive:
        yield send.send, receive.receive


PEERS: Mapping[str, Callable[[int], AbstractContextManager[Ends]]] = {
    "asyncio.Queue": queue,
    "anyio": stream,
    "Channel": channel,
}


async def pass_through(ends: Ends, tasks: int, items: int) -> Sample:
    """Send and receive so many items."""
    send, receive = ends

    async def put() -> None:
        for item in range(items // tasks):
            await send(item)

    async def take() -> None:
        for _ in range(items // tasks):
            await receive()

    clock, processor = time.perf_counter(), time.process_time()
    async with asyncio.TaskGroup() as group:
        for _ in range(tasks):
            group.create_task(put())
            group.create_task(take())
    return Sample(items / (time.perf_counter() - clock), items / (time.process_time() - processor))


def measure(runner: asyncio.Runner, peer: str, room: int, tasks: int, items: int) -> Sample:
    """Measure one peer once."""
    with PEERS[peer](room) as ends:
        return runner.run(pass_through(ends, tasks, items))


def compare(runner: asyncio.Runner, room: int, tasks: int, *, items: int, times: int) -> bool:
    """Measure the peers in turns; return whether the claims are met."""
    measures: dict[str, Measure] = {
        peer: partial(measure, runner, peer, room, tasks, items) for peer in PEERS
    }
    title = f"room for {room}, {tasks} to {tasks}"
    return report(title, rounds(measures, times=times), CLAIMS)


def main() -> int:
    """Measure everything; return the exit code."""
    parser = argparse.ArgumentParser(description="channels against streams and queues")
    parser.add_argument("--quick", action="store_true", help="five short rounds instead of 15")
    parser.add_argument("--uvloop", action="store_true", help="with uvloop's loop")
    options = parser.parse_args()
    items, times = (4_000, 5) if options.quick else (20_000, 15)
    stay_on(LOAD_CORE)
    print(f"{os.cpu_count()} cores, load average {os.getloadavg()[0]:.1f}, a call is one item")
    factory = uvloop.new_event_loop if options.uvloop else None
    with asyncio.Runner(loop_factory=factory) as runner:
        met = [
            compare(runner, room, tasks, items=items, times=times)
            for room, tasks in product(ROOMS, TASKS)
        ]
    return 0 if all(met) else 1
