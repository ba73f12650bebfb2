"""Grpcio in the benchmark of failure: round_robin over a list, and retries by service config."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import grpc
from grpc import aio

from benchmarks._faults_job import (
    DONE,
    GRACE,
    PLACES,
    QUEUE,
    SERVICE,
    TIMEOUT,
    Broken,
    Do,
    Job,
    stopped,
)
from benchmarks._faults_ledger import Ledger

# grpcio tells no types, or wrong ones.
_grpc: Final[Any] = grpc
_aio: Final[Any] = aio

CONFIG: Final[dict[str, object]] = {
    "loadBalancingConfig": [{"round_robin": {}}],
    "methodConfig": [
        {
            "name": [{"service": SERVICE}],
            "retryPolicy": {
                "maxAttempts": 3,
                "initialBackoff": "0.05s",
                "maxBackoff": "1s",
                "backoffMultiplier": 2,
                "retryableStatusCodes": [
                    "UNAVAILABLE",
                    "INTERNAL",
                    "UNKNOWN",
                    "RESOURCE_EXHAUSTED",
                ],
            },
        }
    ],
    "retryThrottling": {"maxTokens": 100, "tokenRatio": 0.2},
}


async def serve(port: str, ledger: Ledger, _: str) -> None:
    """Serve until told to stop; calls beyond the limit are refused before they are counted."""
    job = Job(ledger)

    async def do(_: bytes, context: Any) -> bytes:  # noqa: ANN401 - grpcio's own type is wrong
        ledger.count()
        try:
            await job.run()
        except Broken:
            await context.abort(_grpc.StatusCode.INTERNAL, "a bug")
        return DONE.encode()

    server = _aio.server(maximum_concurrent_rpcs=PLACES + QUEUE)
    handlers = {"do": _grpc.unary_unary_rpc_method_handler(do)}
    server.add_generic_rpc_handlers((_grpc.method_handlers_generic_handler(SERVICE, handlers),))
    server.add_insecure_port(f"127.0.0.1:{port}")
    await server.start()
    await stopped()
    await server.stop(GRACE)


@asynccontextmanager
async def client(ports: Sequence[int], _: str) -> AsyncIterator[Do]:
    """Yield what makes one call."""
    target = "ipv4:" + ",".join(f"127.0.0.1:{port}" for port in ports)
    options = [("grpc.service_config", json.dumps(CONFIG)), ("grpc.enable_retries", 1)]
    async with _aio.insecure_channel(target, options=options) as channel:
        do = channel.unary_unary(f"/{SERVICE}/do")

        async def call() -> object:
            reply: bytes = await do(b"", timeout=TIMEOUT)
            return reply.decode()

        yield call
