"""Asking a running system: its registry, and through it the services themselves."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from kitfox.app import System, dial, find_config, load, read_config
from kitfox.cli._exit import Exit, Failed
from kitfox.cli._names import find_name
from kitfox.cli._options import Where
from kitfox.core import Connection, NotFound, Through, Unavailable
from kitfox.net import HTTPClient
from kitfox.registry import Instance, Registry, bearer
from kitfox.scope import fail_after

T = TypeVar("T")

_UNKNOWN = (
    "no registry is known here; say --registry URL, set KITFOX_SYSTEM__REGISTRY, "
    "or go where a kitfox.toml names it"
)


def ask(where: Where, question: Callable[[Registry], Awaitable[T]]) -> T:
    """Put a question to the registry."""

    async def answer() -> T:
        async with registry_at(where) as known:
            return await question(known)

    return within(where.timeout, answer())


def within(seconds: float, work: Coroutine[Any, Any, T]) -> T:
    """Run some work, and nothing but it, for so long at most; TimeoutError."""

    async def limited() -> T:
        async with fail_after(seconds):
            return await work

    return asyncio.run(limited())


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Connection]:
    """Connect to whoever serves at a URL."""
    async with HTTPClient() as client:
        yield dial(url, client)


@asynccontextmanager
async def registry_at(where: Where) -> AsyncIterator[Registry]:
    """Connect to the registry: the one named, or the one this place belongs to."""
    system = _system()
    if (url := where.registry or system.registry) is None:
        raise Failed(_UNKNOWN, Exit.USAGE)
    async with connected(url.removeprefix("original+")) as connection:
        yield Registry.client(Through(connection, bearer(system.token)))


async def service_names(known: Registry) -> list[str]:
    """Return the names of all services."""
    return [one.name for one in await known.services()]


async def instances_of(known: Registry, word: str) -> tuple[Instance, ...]:
    """Return the instances of a service; NotFound when there is none."""
    name = find_name(word, await service_names(known))
    found = await known.get(name)
    if not found.instances:
        raise NotFound(f'no instance of "{name}" is registered')
    return found.instances


async def address_of(service: str, where: Where) -> str:
    """Return where a service can be asked over HTTP; NotFound, Unavailable."""
    if where.address:
        return where.address
    async with registry_at(where) as known:
        return http_address(await instances_of(known, service))


def http_address(instances: tuple[Instance, ...]) -> str:
    """Return the first address that is HTTP; Unavailable when there is none."""
    addresses = [address for one in instances for address in one.addresses]
    if found := next((one for one in addresses if one.startswith(("http://", "https://"))), None):
        return found
    raise Unavailable(f"{instances[0].service} is not on HTTP, only on {', '.join(addresses)}")


def _system() -> System:
    """Return what this place says of its system: the nearest file, and the environment."""
    here = Path.cwd()
    if file := find_config(here):
        return read_config(file, os.environ, {}).system
    return load("", os.environ, {}, here / "kitfox.toml").system
