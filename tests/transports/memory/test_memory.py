"""What is the memory wire's own, beside the laws of all wires."""

from collections.abc import AsyncIterator

import msgspec
import pytest

from kitfox import Service, Unavailable, rpc
from kitfox.codecs import JSON, MessagePack
from kitfox.core import Unreachable
from kitfox.transports.memory import Memory


class Basket(msgspec.Struct):
    eggs: list[int]


class Farm(Service):
    def __init__(self):
        self.kept = None

    @rpc
    async def keep(self, basket: Basket) -> Basket:
        self.kept = basket
        return basket

    @rpc
    async def hatch(self, basket: Basket) -> AsyncIterator[Basket]:
        self.kept = basket
        yield basket


@pytest.fixture
def memory():
    return Memory()


async def test_nobody_listens_before_or_after(memory):
    farm = Farm.client(memory)
    with pytest.raises(Unreachable, match="nobody listens"):
        await farm.keep(Basket([]))
    async with memory.listen(Farm().routes()) as address:
        assert address == "memory:"
        assert await farm.keep(Basket([])) == Basket([])
    with pytest.raises(Unavailable, match="nobody listens"):
        await farm.keep(Basket([]))


@pytest.mark.parametrize("codec", [JSON(), MessagePack()], ids=lambda codec: codec.name)
async def test_the_two_sides_share_no_object(codec):
    memory, farm, mine = Memory(codec=codec), Farm(), Basket([1])
    async with memory.listen(farm.routes()):
        theirs = await Farm.client(memory).keep(mine)
    assert mine == theirs == farm.kept
    assert len({id(mine), id(theirs), id(farm.kept)}) == 3
    assert mine.eggs is not farm.kept.eggs is not theirs.eggs


async def test_streamed_items_are_not_shared_either(memory):
    farm = Farm()
    async with memory.listen(farm.routes()):
        [theirs] = [basket async for basket in Farm.client(memory).hatch(Basket([1]))]
    assert theirs == farm.kept
    assert theirs is not farm.kept


async def test_one_client_outlives_its_servers(memory):
    farm = Farm.client(memory)
    for eggs in ([1], [2]):
        server = Farm()
        async with memory.listen(server.routes()):
            await farm.keep(Basket(eggs))
        assert server.kept == Basket(eggs)
