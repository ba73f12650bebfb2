"""The servers of the RPC benchmark: `python -m benchmarks._rpc_servers NAME PORT` runs one."""

import asyncio
import sys
from collections.abc import Callable, Coroutine

import uvloop

from benchmarks import _rpc_grpcio
from benchmarks._rpc_record import Records
from kitfox.app import Server
from kitfox.transports.msgpack import RPC


async def on_kitfox(port: int) -> None:
    """Serve with kitfox, until cancelled."""
    async with RPC(f":{port}").listen(Records().routes()):
        await asyncio.Event().wait()


async def stacked(port: int) -> None:
    """Serve with kitfox and the policies that a server has by default, until cancelled."""
    server = Server(Records(), listeners=[RPC(f":{port}")])
    async with server.running():
        await asyncio.Event().wait()


SERVERS: dict[str, Callable[[int], Coroutine[None, None, None]]] = {
    "grpcio": _rpc_grpcio.serve,
    "kitfox": on_kitfox,
    "stacked": stacked,
}

if __name__ == "__main__":
    uvloop.run(SERVERS[sys.argv[1]](int(sys.argv[2])))
