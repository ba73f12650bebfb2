"""A service in this process, called as if it were elsewhere."""

from collections.abc import AsyncIterator

import pytest

from kitfox.app import InPlace
from kitfox.core import InvalidArgument, Service, Through, Unimplemented, rpc
from kitfox.resilience import deadline
from kitfox.scope import current_deadline


class Shop(Service, name="shop.v1.Shop"):
    def __init__(self, *items: str) -> None:
        self._items = items

    @rpc
    async def get(self, id: int) -> str:
        if id >= len(self._items):
            raise InvalidArgument(f"there are {len(self._items)} items")
        return self._items[id]

    @rpc
    async def all(self) -> AsyncIterator[str]:
        for item in self._items:
            yield item


class Bank(Service, name="shop.v1.Bank"):
    @rpc
    async def pay(self) -> None: ...


async def test_calls_streams_and_errors_are_those_of_any_connection():
    shop = Shop.client(InPlace(Shop("tea", "salt")))
    assert await shop.get(1) == "salt"
    assert [item async for item in shop.all()] == ["tea", "salt"]
    with pytest.raises(InvalidArgument, match="there are 2 items"):
        await shop.get(2)


async def test_a_method_of_another_contract_is_not_implemented():
    with pytest.raises(Unimplemented, match=r"no method /shop\.v1\.Bank/Pay"):
        await Bank.client(InPlace(Shop())).pay()


async def test_a_handler_knows_the_deadline_of_the_call_that_it_serves():
    class Watch(Service, name="shop.v1.Watch"):
        @rpc
        async def left(self) -> float:
            return current_deadline().remaining()

    watch = Watch.client(Through(InPlace(Watch()), deadline(default=60.0)))
    assert 50.0 < await watch.left() <= 60.0
