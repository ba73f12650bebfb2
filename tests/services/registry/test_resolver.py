"""HTTPResolver against the real registry, which comes and goes."""

import asyncio
from contextlib import AsyncExitStack, aclosing

from kitfox.core import Call, Endpoint
from kitfox.registry import DiskCache, HTTPResolver, Instance
from kitfox.scope import fail_after
from kitfox.services.registry import RegistryService, Settings
from kitfox.transports.memory import Memory

ADA, BOB = Instance("users", "ada"), Instance("users", "bob")
SECRET = "a secret of some length"


def soonest() -> float:
    """Draw the shortest wait."""
    return 0.0


async def test_a_watcher_sees_the_whole_set_at_once_and_at_each_change(registry):
    running = await registry()
    await running.client.register(ADA, 6.0, SECRET)
    resolver = HTTPResolver(running.connection)
    async with fail_after(10), aclosing(resolver.watch("users")) as sets:
        assert await anext(sets) == {ADA}
        await running.client.register(BOB)
        assert await anext(sets) == {ADA, BOB}
        await running.client.deregister("users", "ada", SECRET)
        assert await anext(sets) == {BOB}
    await resolver.aclose()


async def test_all_watchers_of_a_service_share_one_subscription(registry):
    running = await registry()
    subscriptions = 0

    class Counting:
        def endpoint(self, method) -> Endpoint:
            inner = running.connection.endpoint(method)

            async def count(call: Call, message: object) -> object:
                nonlocal subscriptions
                subscriptions += 1
                return await inner(call, message)

            return count

    resolver = HTTPResolver(Counting())
    async with fail_after(10), AsyncExitStack() as stack:
        watchers = [
            await stack.enter_async_context(aclosing(resolver.watch("users"))) for _ in range(20)
        ]
        assert await asyncio.gather(*(anext(sets) for sets in watchers)) == [frozenset()] * 20
        await running.client.register(ADA)
        assert await asyncio.gather(*(anext(sets) for sets in watchers)) == [{ADA}] * 20
        late = await stack.enter_async_context(aclosing(resolver.watch("users")))
        assert await anext(late) == {ADA}
    assert subscriptions == 1
    await resolver.aclose()


async def test_a_subscription_ends_with_its_last_watcher(registry, until):
    running = await registry()
    resolver = HTTPResolver(running.connection)
    for _ in range(3):
        async with fail_after(10), aclosing(resolver.watch("users")) as sets:
            await anext(sets)
        assert resolver.state("users") is None
    await until(lambda: len(running.service._book._watchers) == 0)  # noqa: SLF001


async def test_without_a_registry_and_a_cache_nobody_is_known():
    resolver = HTTPResolver(Memory())
    async with fail_after(10), aclosing(resolver.watch("users")) as sets:
        assert await anext(sets) == frozenset()
        assert not resolver.state("users").fresh
    await resolver.aclose()


async def test_the_last_known_set_stays_while_the_registry_is_away(until):
    wire, now = Memory(grace=0.0), 100.0
    resolver = HTTPResolver(wire, draw=soonest, wall=lambda: now)
    async with fail_after(20), aclosing(resolver.watch("users")) as sets:
        async with RegistryService(Settings()) as service, wire.listen(service.routes()):
            await service.register(ADA)
            assert await anext(sets) == {ADA}
            assert resolver.state("users").fresh
            now = 200.0
        await until(lambda: not resolver.state("users").fresh)
        assert resolver.state("users").since == 200.0
        async with aclosing(resolver.watch("users")) as others:
            assert await anext(others) == {ADA}
        now = 300.0
        async with RegistryService(Settings()) as service, wire.listen(service.routes()):
            await service.register(BOB)
            while await anext(sets) != {BOB}:
                pass
            assert resolver.state("users").fresh
            assert resolver.state("users").since == 300.0
    await resolver.aclose()


async def test_an_operator_hears_once_of_a_registry_that_stays_away(until, caplog):
    now = 100.0
    resolver = HTTPResolver(Memory(), draw=soonest, wall=lambda: now)
    async with fail_after(20), aclosing(resolver.watch("users")) as sets:
        assert await anext(sets) == frozenset()
        assert not caplog.records
        now = 110.0
        await until(lambda: caplog.records)
    (warning,) = caplog.messages
    assert warning == "the instances of users may be stale: nobody listens"
    await resolver.aclose()


async def test_a_registry_that_shows_no_sign_of_life_counts_as_away(registry, quick_with, until):
    running = await registry(quick_with(sign_of_life=600.0))
    await running.client.register(ADA)
    resolver = HTTPResolver(running.connection, silence=0.1, draw=soonest)
    async with fail_after(20), aclosing(resolver.watch("users")) as sets:
        assert await anext(sets) == {ADA}
        await until(lambda: not resolver.state("users").fresh)
        await until(lambda: resolver.state("users").fresh)
    await resolver.aclose()


async def test_signs_of_life_keep_a_set_fresh(registry, quick_with):
    running = await registry(quick_with(sign_of_life=0.05))
    times = iter(range(1_000))
    resolver = HTTPResolver(running.connection, silence=5.0, wall=lambda: float(next(times)))
    async with fail_after(20), aclosing(resolver.watch("users")) as sets:
        await anext(sets)
        since = resolver.state("users")
        async with aclosing(running.client.watch("users")) as snapshots:
            for _ in range(5):
                await anext(snapshots)
        assert resolver.state("users") == since
    await resolver.aclose()


async def test_a_client_that_starts_without_the_registry_finds_its_peers_on_disk(tmp_path, until):
    wire, disk = Memory(grace=0.0), DiskCache(tmp_path)
    async with RegistryService(Settings()) as service, wire.listen(service.routes()):
        await service.register(ADA)
        first = HTTPResolver(wire, cache=disk, wall=lambda: 100.0)
        async with fail_after(10), aclosing(first.watch("users")) as sets:
            assert await anext(sets) == {ADA}
            await service.register(BOB)
            assert await anext(sets) == {ADA, BOB}
            await until(lambda: (saved := disk.load("users")) and len(saved.instances) == 2)
        await first.aclose()
    second = HTTPResolver(wire, cache=disk, draw=soonest, wall=lambda: 900.0)
    async with fail_after(10), aclosing(second.watch("users")) as sets:
        assert await anext(sets) == {ADA, BOB}
        assert second.state("users").since == 100.0
        async with RegistryService(Settings()) as service, wire.listen(service.routes()):
            await service.register(ADA)
            while await anext(sets) != {ADA}:
                pass
    await second.aclose()


async def test_a_cache_that_cannot_be_written_harms_nobody(registry, tmp_path):
    (tmp_path / "file").write_text("in the way")
    running = await registry()
    resolver = HTTPResolver(running.connection, cache=DiskCache(tmp_path / "file"))
    async with fail_after(10), aclosing(resolver.watch("users")) as sets:
        assert await anext(sets) == frozenset()
        await running.client.register(ADA)
        assert await anext(sets) == {ADA}
    await resolver.aclose()


async def test_the_deadline_of_the_first_watcher_does_not_end_the_subscription(registry):
    running = await registry()
    resolver = HTTPResolver(running.connection)
    async with aclosing(resolver.watch("users")) as sets:
        async with fail_after(0.2):
            await anext(sets)
        expired = asyncio.Event()
        asyncio.get_running_loop().call_later(0.25, expired.set)
        await expired.wait()
        await running.client.register(ADA)
        async with fail_after(10):
            assert await anext(sets) == {ADA}
    await resolver.aclose()
