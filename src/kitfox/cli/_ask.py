"""Asking a running system: its registry, and through it the services themselves."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from kitfox.app import (
    ORIGINAL,
    System,
    connect,
    find_config,
    load,
    names_in_original,
    read_config,
    tls_of,
)
from kitfox.cli._directory import Directory
from kitfox.cli._exit import Exit, Failed
from kitfox.cli._options import Where
from kitfox.core import Connection, Unavailable, Unreachable
from kitfox.registry import Registry
from kitfox.scope import fail_after

T = TypeVar("T")

_UNKNOWN = (
    "no registry is known here; say --registry URL, set KITFOX_SYSTEM__REGISTRY, "
    "or go where a kitfox.toml names it"
)


def ask(where: Where, question: Callable[[Directory], Awaitable[T]]) -> T:
    """Put a question to the registry, within the time there is."""

    async def answer() -> T:
        async with directory_at(where) as known:
            return await question(known)

    return within(where.seconds, answer())


def within(seconds: float, work: Coroutine[Any, Any, T]) -> T:
    """Run some work, and nothing but it, for so long at most; TimeoutError."""

    async def limited() -> T:
        async with fail_after(seconds):
            return await work

    return asyncio.run(limited())


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Connection]:
    """Connect to whoever serves at a URL, with this system's token and certificates."""
    system = this_system()
    async with connect(url, token=system.token, tls=tls_of(system.tls)) as connection:
        yield connection


@asynccontextmanager
async def directory_at(where: Where) -> AsyncIterator[Directory]:
    """Connect to the registry: the one named, or the one this place belongs to."""
    system = this_system()
    if (url := where.registry or system.registry) is None:
        raise Failed(_UNKNOWN, Exit.USAGE)
    aliases = names_in_original(system) if url.startswith(ORIGINAL) else {}
    async with connected(url.removeprefix(ORIGINAL)) as connection:
        try:
            yield Directory(Registry.client(connection), aliases)
        except Unreachable as error:
            raise Unavailable(f"{error}; is the system running?") from None


def this_system() -> System:
    """Return what this place says of its system: the nearest file, and the environment."""
    here = Path.cwd()
    if file := find_config(here):
        return read_config(file, os.environ, {}).system
    return load("", os.environ, {}, here / "kitfox.toml").system
