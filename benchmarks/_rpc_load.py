"""The callers of the RPC benchmark, each in a process of its own.

`python -m benchmarks._rpc_load NAME PORT PROCESS WORKERS SECONDS`: one connection to the server
that is that process, so many calls in flight on it for so long. Prints a Load, as JSON.
"""

import asyncio
import statistics
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import msgspec
import uvloop

from benchmarks import _rpc_grpcio
from benchmarks._rpc_record import FIELDS, RECORD, Records
from benchmarks._samples import processor_time
from kitfox.app import ClientChain, Cluster
from kitfox.registry import Instance, MemoryRegistry
from kitfox.transports.msgpack import RPCConnection

Call = Callable[[], Awaitable[object]]

_WARM_UP = 0.2  # seconds that do not count


class Load(msgspec.Struct):
    """What came of it. All but `calls` are seconds: of the clock, of either end's processor."""

    calls: int
    took: float
    used: float
    served: float
    median: float  # of the calls' times


@asynccontextmanager
async def bare(port: int) -> AsyncIterator[Call]:
    """Call with kitfox, and nothing between the client and the wire."""
    async with RPCConnection(f"rpc://127.0.0.1:{port}") as connection:
        records = Records.client(connection)
        yield lambda: records.echo(RECORD)


@asynccontextmanager
async def stacked(port: int) -> AsyncIterator[Call]:
    """Call with all that a client of kitfox has by default: a cluster, and its policies."""
    registry = MemoryRegistry()
    address = f"rpc://127.0.0.1:{port}"
    await registry.register(Instance("bench.Records", "one", (address,)))
    cluster = Cluster("bench.Records", resolver=registry, dial=RPCConnection, schemes=["rpc"])
    async with cluster:
        records = Records.client(ClientChain().through(cluster))
        yield lambda: records.echo(RECORD)


CLIENTS: dict[str, Callable[[int], AbstractAsyncContextManager[Call]]] = {
    "grpcio": _rpc_grpcio.client,
    "bare": bare,
    "stacked": stacked,
}


async def load(name: str, port: int, process: int, *, workers: int, seconds: float) -> Load:
    """Let a client call for so long."""
    async with CLIENTS[name](port) as call:
        _check(await call())
        await _calls(call, workers, _WARM_UP)
        start, used, served = time.perf_counter(), time.process_time(), processor_time(process)
        each = await _calls(call, workers, seconds)
        took = time.perf_counter() - start
        used, served = time.process_time() - used, processor_time(process) - served
    return Load(len(each), took, used, served, statistics.median(each))


async def _calls(call: Call, workers: int, seconds: float) -> list[float]:
    """Call from so many workers for so long; return how long each call took."""
    clock = time.perf_counter
    end = clock() + seconds
    each: list[float] = []

    async def work() -> None:
        begun = clock()
        while begun < end:
            await call()
            done = clock()
            each.append(done - begun)
            begun = done

    async with asyncio.TaskGroup() as group:
        for _ in range(workers):
            group.create_task(work())
    return each


def _check(reply: object) -> None:
    """Check that the peer gives back what it was given."""
    for name, expected in FIELDS.items():
        if (got := getattr(reply, name)) != expected:
            raise RuntimeError(f"{name}: expected {expected!r}, got {got!r}")


if __name__ == "__main__":
    client, port, process, workers, seconds = sys.argv[1:]
    made = uvloop.run(
        load(client, int(port), int(process), workers=int(workers), seconds=float(seconds))
    )
    sys.stdout.buffer.write(msgspec.json.encode(made))
