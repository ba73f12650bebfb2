"""Keeping one instance registered for as long as it runs, whatever becomes of the registry.

States, and who moves between them
- *joining*: not registered. `_join` tries for ever, a short wait by chance between two attempts;
  success leads to registered. The same secret every time makes a repeated request harmless.
- *registered*: `_stay` renews the lease three times in its length and holds it by a connection.
  When a renewal fails or the connection breaks, back to joining.
- *closed*: `aclose`, final.
"""

import asyncio
import logging
import secrets
from collections.abc import AsyncGenerator, AsyncIterator, Callable

from kitfox.core import (
    Connection,
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    PermissionDenied,
    RPCError,
    Unauthenticated,
    Unimplemented,
)
from kitfox.registry._background import Background
from kitfox.registry._contract import Registry
from kitfox.registry._instance import Instance

SHORTEST_PAUSE = 0.25
LONGEST_PAUSE = 2.0
TIMEOUT = 1.0

_REFUSALS = (InvalidArgument, PermissionDenied, Unauthenticated, FailedPrecondition)
_log = logging.getLogger("kitfox.registry")

Draw = Callable[[], float]


def pause(draw: float) -> float:
    """Return the seconds between two attempts to reach a registry, for a `draw` from 0 to 1.

    A registry that returns finds its clients spread over that time, and has them all back soon.
    """
    return SHORTEST_PAUSE + draw * (LONGEST_PAUSE - SHORTEST_PAUSE)


class Keeper:
    """Keeps one instance registered. `draw` gives numbers from 0 to 1."""

    def __init__(
        self, connection: Connection, instance: Instance, *, ttl: float, draw: Draw
    ) -> None:
        self._calls = Registry.client(connection, timeout=TIMEOUT)
        self._streams = Registry.client(connection)
        self._instance = instance
        self._ttl = ttl
        self._draw = draw
        self._secret = secrets.token_urlsafe(32)
        self._background = Background()
        self.registered = False

    async def start(self) -> None:
        """Try to register once, and go on in the background if the registry is away.

        Raises what refuses the instance for good: InvalidArgument, PermissionDenied,
        Unauthenticated, FailedPrecondition.
        """
        await self._try("%s is not registered yet: %s")
        self._background.start(self._run())

    async def update(self, instance: Instance) -> None:
        """Say something else of the same instance from now on. Raises as `start` does."""
        self._instance = instance
        await self._try("%s is not updated yet: %s")

    async def aclose(self) -> None:
        """Stop keeping; deregister if that can be done at once."""
        await self._background.aclose()
        try:
            await self._calls.deregister(*self._credentials)
        except NotFound:
            pass
        except (RPCError, OSError) as error:
            _log.warning("%s could not be deregistered, its lease will end: %s", self._name, error)
        self.registered = False

    @property
    def _name(self) -> str:
        return f"{self._instance.service} {self._instance.id}"

    @property
    def _credentials(self) -> tuple[str, str, str]:
        return self._instance.service, self._instance.id, self._secret

    async def _run(self) -> None:
        while True:
            if self.registered:
                await self._stay()
            await asyncio.sleep(pause(self._draw()))
            await self._join()

    async def _try(self, otherwise: str) -> None:
        try:
            await self._register()
        except _REFUSALS:
            raise
        except (RPCError, OSError) as error:
            _log.warning(otherwise, self._name, error)

    async def _join(self) -> None:
        try:
            await self._register()
        except (RPCError, OSError) as error:
            _log.info("%s cannot be registered: %s", self._name, error)
        else:
            _log.info("%s is registered again", self._name)

    async def _register(self) -> None:
        registration = await self._calls.register(self._instance, self._ttl, self._secret)
        self._ttl = registration.ttl
        self.registered = True

    async def _stay(self) -> None:
        """Renew and hold the lease until either fails."""
        hold = asyncio.ensure_future(self._hold())
        try:
            while not (await asyncio.wait([hold], timeout=self._ttl / 3))[0]:
                await self._renew()
            hold.result()
        except (RPCError, OSError) as error:
            _log.warning("%s lost its registry: %s", self._name, error)
        finally:
            self.registered = False
            hold.cancel()
            await asyncio.wait([hold])

    async def _renew(self) -> None:
        try:
            await self._calls.renew(*self._credentials)
        except NotFound:  # the lease ended: this process was asleep, or the registry's state is new
            await self._register()

    async def _hold(self) -> None:
        """Hold the lease until the connection breaks; where the wire cannot, for ever."""
        stream = self._streams.hold(*self._credentials)
        try:
            async for _ in stream:
                pass
        except Unimplemented:
            await asyncio.get_running_loop().create_future()
        finally:
            await close(stream)


async def close(stream: AsyncIterator[object]) -> None:
    """End the call behind a stream of replies now."""
    if isinstance(stream, AsyncGenerator):
        await stream.aclose()
