"""HTTP: kitfox's server beside a bare ASGI application and FastAPI, its client beside aiohttp's.

Server: one process on one core; another core sends the same request over 32 connections, as fast
as it is answered. Client: 64 calls in flight against a server that answers constants. All peers
take turns in short rounds, and the median of the rounds' ratios counts.

Ratios are those of processor time: `_samples.py` says why.
"""

import argparse
import contextlib
import os
import time
from collections.abc import Awaitable, Callable, Iterator
from functools import partial

import aiohttp
import msgspec
import uvloop

from benchmarks._harness import LOAD_CORE, Claim, calls_per_second, free_port, server, stay_on
from benchmarks._http_load import load
from benchmarks._http_servers import NewUser, User, Users
from benchmarks._samples import Measure, Sample, processor_time, report, rounds
from kitfox.net import HTTPClient
from kitfox.transports.http import HTTPConnection

CONNECTIONS = 32
IN_FLIGHT = 64

BODY = msgspec.json.encode(
    NewUser("Ada Lovelace", "ada@example.org", 1815, active=True, tags=["maths"], note="x" * 98)
)
GET = b"GET /users/7 HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n"
POST = (
    b"POST /users HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
    b"content-length: %d\r\n\r\n%s" % (len(BODY), BODY)
)

SERVER_CLAIMS = (
    Claim("kitfox", "bare ASGI", 0.80),
    Claim("kitfox", "FastAPI", 2.5),
)
CLIENT_CLAIMS = (Claim("kitfox HTTPClient", "aiohttp", 4.0),)


# ------------------------------------------------------------------------------------- servers


@contextlib.contextmanager
def running(*names: str) -> Iterator[dict[str, tuple[int, int]]]:
    """Start servers; yield their ports and process ids."""
    with contextlib.ExitStack() as stack:
        started: dict[str, tuple[int, int]] = {}
        for name in names:
            port = free_port()
            command = ("-m", "benchmarks._http_servers", name, str(port))
            process = stack.enter_context(server(*command, port=port))
            started[name] = port, process.pid
        yield started


def loaded(port: int, process: int, request: bytes, *, seconds: float) -> Sample:
    """Load a server for so long, after checking that it answers what all answer."""
    used, start = processor_time(process), time.perf_counter()
    done, body = uvloop.run(load(port, request, seconds=seconds, connections=CONNECTIONS))
    used, took = processor_time(process) - used, time.perf_counter() - start
    if msgspec.json.decode(body, type=User) != EXPECTED:
        raise RuntimeError(f"port {port} answers {body!r}")
    return Sample(done / took, done / used)


EXPECTED = User(7, "Ada Lovelace", "ada@example.org", active=True)
LABELS = {
    "bare": "bare ASGI",
    "kitfox": "kitfox",
    "mounted": "kitfox, mounted",
    "fastapi": "FastAPI",
}


def measure_servers(*, seconds: float, times: int) -> bool:
    """Load each server with either request; return whether the claims are met."""
    met = True
    with running(*LABELS) as started:
        for title, request in (("GET /users/{id}", GET), ("POST 200 bytes", POST)):
            measures: dict[str, Measure] = {
                label: partial(loaded, *started[name], request, seconds=seconds)
                for name, label in LABELS.items()
            }
            met &= report(title, rounds(measures, times=times), SERVER_CLAIMS)
    return met


# ------------------------------------------------------------------------------------- clients

Call = Callable[[], Awaitable[object]]
JSON_HEADERS = {"content-type": "application/json"}
RAW_HEADERS = [(b"content-type", b"application/json")]
REQUEST = b'{"id":7}'


async def with_typed_client(url: str, run: Callable[[Call], Awaitable[float]]) -> float:
    """Call a method: arguments in, a struct out."""
    async with HTTPConnection(url) as connection:
        users = Users.client(connection)
        return await run(lambda: users.get(7))


async def with_http_client(url: str, run: Callable[[Call], Awaitable[float]]) -> float:
    """Post bytes, get bytes."""
    async with HTTPClient() as client:
        target = f"{url}/Users/Get"
        return await run(lambda: client.request("POST", target, headers=RAW_HEADERS, body=REQUEST))


async def with_aiohttp(url: str, run: Callable[[Call], Awaitable[float]]) -> float:
    """Post bytes, get bytes."""
    connector = aiohttp.TCPConnector(limit=IN_FLIGHT)
    async with aiohttp.ClientSession(connector=connector) as session:

        async def call() -> bytes:
            target = f"{url}/Users/Get"
            async with session.post(target, data=REQUEST, headers=JSON_HEADERS) as reply:
                return await reply.read()

        return await run(call)


CLIENTS = {
    "aiohttp": with_aiohttp,
    "kitfox HTTPClient": with_http_client,
    "kitfox typed client": with_typed_client,
}


def calling(client: str, url: str, *, seconds: float) -> Sample:
    """Let a client make calls for so long."""
    used, start = time.process_time(), time.perf_counter()
    run = partial(calls_per_second, seconds=seconds, workers=IN_FLIGHT)
    clock = uvloop.run(CLIENTS[client](url, run))
    used, took = time.process_time() - used, time.perf_counter() - start
    return Sample(clock, clock * took / used)


def measure_clients(*, seconds: float, times: int) -> bool:
    """Let each client call the same server; return whether the claim is met."""
    with running("constant") as started:
        url = f"http://127.0.0.1:{started['constant'][0]}"
        measures: dict[str, Measure] = {
            name: partial(calling, name, url, seconds=seconds) for name in CLIENTS
        }
        return report("Clients, 64 in flight", rounds(measures, times=times), CLIENT_CLAIMS)


def main() -> int:
    """Measure everything; return the exit code."""
    parser = argparse.ArgumentParser(description="kitfox over HTTP against its peers")
    parser.add_argument("--quick", action="store_true", help="three short rounds instead of seven")
    quick = parser.parse_args().quick
    seconds, times = (0.3, 3) if quick else (1.0, 7)
    stay_on(LOAD_CORE)
    print(
        f"{os.cpu_count()} cores, load average {os.getloadavg()[0]:.1f}, ratios of processor time"
    )
    met = [
        measure_servers(seconds=seconds, times=times),
        measure_clients(seconds=seconds, times=times),
    ]
    return 0 if all(met) else 1
