from contextlib import aclosing

import pytest

from kitfox.core import InvalidArgument
from kitfox.registry import Instance, MemoryRegistry
from kitfox.scope import fail_after

ADA, BOB = Instance("users", "ada"), Instance("users", "bob")


async def test_a_watcher_sees_the_whole_set_at_once_and_at_each_change():
    registry = MemoryRegistry()
    await registry.register(ADA)
    async with fail_after(5), aclosing(registry.watch("users")) as sets:
        assert await anext(sets) == {ADA}
        await registry.register(BOB)
        assert await anext(sets) == {ADA, BOB}
        await registry.deregister(ADA)
        assert await anext(sets) == {BOB}


async def test_a_service_may_be_watched_before_it_exists():
    registry = MemoryRegistry()
    async with fail_after(5), aclosing(registry.watch("users")) as sets:
        assert await anext(sets) == frozenset()
        await registry.register(ADA)
        assert await anext(sets) == {ADA}


async def test_deregistering_what_is_unknown_is_no_error():
    await MemoryRegistry().deregister(ADA)


async def test_a_malformed_instance_is_refused():
    with pytest.raises(InvalidArgument, match=r"instance\.id"):
        await MemoryRegistry().register(Instance("users", ""))
