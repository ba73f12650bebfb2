"""One machine of a network in memory: what runs there, and what becomes of it.

States, and who moves between them
- *down*: nobody can be reached there. `start` leads to up, with new services.
- *up*: serves, and is registered. `stop` leads to down kindly: deregistered first, then drained.
  `kill` leads to down at once: all its calls break, nobody is told, and its lease runs out.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from contextvars import Context

from kitfox.core import Routes
from kitfox.testing._faulty_wire import Faults, FaultyWire
from kitfox.transports.memory import Memory

Serve = Callable[["Host"], AbstractAsyncContextManager[object]]
"""Gives the context in which a host is up."""


class Host:
    """A machine by name, made by `Network.add`.

    All calls to it cross the wire `inward`, all that it makes cross `outward`: their `faults` are
    its own. It is the listener of its server; who reaches it does so by `memory`.
    """

    kinds = Memory.kinds

    def __init__(self, name: str, serve: Serve, *, draw: Callable[[], float]) -> None:
        self.name = name
        self.up = False
        self.memory = Memory()
        self.inward = FaultyWire(draw=draw)
        self.outward = FaultyWire(draw=draw)
        self._serve = serve
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def faults(self) -> Faults:
        """What is wrong with the way to it; `Faults(delay=1.0)` makes it slow."""
        return self.inward.faults

    @faults.setter
    def faults(self, faults: Faults) -> None:
        self.inward.faults = faults

    @asynccontextmanager
    async def listen(self, routes: Routes) -> AsyncGenerator[str]:
        """Serve `routes` while the context is open, at an address that has its name."""
        async with self.memory.listen(routes):
            yield f"memory:{self.name}"

    async def start(self) -> None:
        """Run its services anew. Raises what they raise at their start.

        Raises:
            RuntimeError: it is up.
        """
        if self._task is not None and not self._task.done():
            msg = f"{self.name} is up already"
            raise RuntimeError(msg)
        self._stopping = asyncio.Event()
        serving = asyncio.get_running_loop().create_future()
        # A context of its own: no deadline of the test is a machine's.
        self._task = asyncio.create_task(self._run(serving), context=Context())
        try:
            await serving
        except asyncio.CancelledError:
            await self.kill()
            raise

    async def stop(self) -> None:
        """Stop it kindly, as SIGTERM does. Raises what its services raise at their end."""
        self._stopping.set()
        await self._ended()

    async def kill(self) -> None:
        """Stop it at once, as SIGKILL does."""
        self.up = False
        self.inward.cut()
        self.outward.cut()
        if self._task is not None:
            self._task.cancel()
        await self._ended()

    async def restart(self) -> None:
        """Stop it kindly, and start it again."""
        await self.stop()
        await self.start()

    async def _ended(self) -> None:
        if self._task is not None:
            await asyncio.wait([self._task])
        task, self._task = self._task, None
        if task is not None and not task.cancelled():
            task.result()

    async def _run(self, serving: asyncio.Future[None]) -> None:
        self.up = True  # from the beginning: to start, it makes calls
        try:
            async with self._serve(self):
                serving.set_result(None)
                await self._stopping.wait()
        except Exception as error:
            if serving.done():
                raise
            serving.set_exception(error)
        finally:
            self.up = False
            serving.cancel()  # killed at its start

    def __repr__(self) -> str:
        """Return its name and whether it is up."""
        return f"<Host {self.name} {'up' if self.up else 'down'}>"
