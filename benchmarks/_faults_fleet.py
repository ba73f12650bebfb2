"""The processes of the benchmark of failure: started, killed, and started again."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final, Self

from benchmarks import _faults_aiohttp, _faults_grpcio, _faults_kitfox
from benchmarks._faults_job import Do
from benchmarks._faults_ledger import Ledger
from benchmarks._harness import ROOT, free_port
from kitfox.scope import fail_after

SIZE = 5
SAME_SERVERS: Final = {"+ hedge": "kitfox"}
Client = Callable[[Sequence[int], str], AbstractAsyncContextManager[Do]]
CLIENTS: Final[dict[str, Client]] = {
    "kitfox": _faults_kitfox.usual,
    "+ hedge": _faults_kitfox.hedging,
    "grpcio": _faults_grpcio.client,
    "aiohttp": _faults_aiohttp.client,
}

_START = 30.0  # seconds
_STOP = 10.0


class Process:
    """One server at its port, over all of its lives; leaving the context ends it."""

    def __init__(self, *arguments: str, port: int) -> None:
        self.port = port
        self._arguments = arguments
        self._process: subprocess.Popen[bytes] | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.kill()

    async def start(self) -> None:
        """Start it, and wait until it takes calls.

        Not by the loop: uvloop forks, which grpcio does not survive in a process that uses it.
        """
        self._process = subprocess.Popen(  # noqa: ASYNC220 - no loop can wait for vfork
            [sys.executable, "-m", "benchmarks._faults_server", *self._arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            start_new_session=True,  # Ctrl-C is for who measures, and that one ends the servers
        )
        assert self._process.stdout is not None
        async with fail_after(_START):
            line = await asyncio.to_thread(self._process.stdout.readline)
        if line != b"ready\n":
            raise RuntimeError(f"{self._arguments} does not take calls")

    async def stop(self) -> None:
        """Ask it kindly to end, and wait for that; then do not ask."""
        self.signal(signal.SIGTERM)
        try:
            async with fail_after(_STOP):
                await self._over()
        except TimeoutError:
            await self.kill()

    async def kill(self) -> None:
        """End it at once, even when it is stopped."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._over()

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        assert self._process is not None
        self._process.send_signal(number)

    async def _over(self) -> None:
        assert self._process is not None
        with self._process as process:
            await asyncio.to_thread(process.wait)


class Node(Process):
    """A process with its ledger."""

    def __init__(self, stack: str, ledger: Path, registry: int) -> None:
        port = free_port()
        super().__init__(stack, str(port), str(ledger), url_of(registry), port=port)
        self.ledger = Ledger.create(ledger)


class Fleet:
    """Five servers, with the client of one stack, and the registry that kitfox's are in."""

    def __init__(self, stack: str, nodes: Sequence[Node], registry: Process) -> None:
        self.stack = stack
        self.nodes = nodes
        self.registry = registry

    def client(self) -> AbstractAsyncContextManager[Do]:
        """Return a client of this stack, which yields what makes one call."""
        ports = [node.port for node in self.nodes]
        return CLIENTS[self.stack](ports, url_of(self.registry.port))

    @property
    def asked(self) -> int:
        """How many attempts have reached the servers."""
        return sum(node.ledger.asked for node in self.nodes)

    def heal(self) -> None:
        """Let all servers be well."""
        for node in self.nodes:
            node.ledger.heal()


@asynccontextmanager
async def fleets(stacks: Sequence[str], folder: Path) -> AsyncIterator[Sequence[Fleet]]:
    """Start a registry, and five servers for the stacks; end them all, whatever happens."""
    async with AsyncExitStack() as stack:
        port = free_port()
        registry = Process("registry", str(port), str(folder / "registry.db"), port=port)
        await stack.enter_async_context(registry)
        nodes: dict[str, list[Node]] = {}
        for name in dict.fromkeys(SAME_SERVERS.get(stack, stack) for stack in stacks):
            nodes[name] = [Node(name, folder / f"{name}-{n}", port) for n in range(SIZE)]
            for node in nodes[name]:
                stack.callback(node.ledger.close)
                stack.push_async_exit(node)
            await asyncio.gather(*(node.start() for node in nodes[name]))
        yield [Fleet(name, nodes[SAME_SERVERS.get(name, name)], registry) for name in stacks]


def url_of(registry: int) -> str:
    """Return the URL of the registry at a port."""
    return f"http://127.0.0.1:{registry}"
