"""The services of the system under test: a process of it imports this file."""

import asyncio
import logging
from collections.abc import AsyncIterator

import msgspec

from kitfox.core import NotFound, Service, rpc

log = logging.getLogger("shop")


class Item(msgspec.Struct):
    """A thing that can be had."""

    id: int
    name: str


class Stock(Service, name="shop.v1.Stock"):
    """What there is."""

    @rpc(idempotent=True)
    async def get(self, id: int) -> Item:
        """Look one item up."""
        log.info("looking for %d", id)
        if id > 9:
            raise NotFound(f"no item {id}")
        return Item(id, f"item {id}")

    @rpc
    async def count(self, up_to: int) -> AsyncIterator[Item]:
        """Each item in turn."""
        for number in range(up_to):
            yield Item(number, f"item {number}")

    @rpc
    async def sleep(self) -> None:
        """Never come back."""
        await asyncio.sleep(60)


class Front(Service, name="shop.v1.Front"):
    def __init__(self, stock: Stock) -> None:
        self._stock = stock

    @rpc
    async def show(self, id: int) -> str:
        return (await self._stock.get(id)).name

    @rpc
    async def names(self) -> AsyncIterator[str]:
        yield "tea"
        yield "salt"

    @rpc
    async def close(self) -> None: ...
