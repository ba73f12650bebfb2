import asyncio
from contextlib import aclosing
from pathlib import Path

import msgspec
import pytest

from kitfox.core import (
    AlreadyExists,
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    PermissionDenied,
    ResourceExhausted,
    Through,
    Unauthenticated,
)
from kitfox.registry import Instance, Limits, Registry, ServiceInfo, bearer
from kitfox.scope import fail_after
from kitfox.services.registry import RegistryService, Settings

ADA = Instance("users", "ada", ("http://10.255.255.1:1",), metadata={"zone": "a"})
BOB = Instance("users", "bob", ("http://10.255.255.1:2",))
SECRET = "a secret of some length"


async def test_a_registered_instance_is_found(registry):
    client = (await registry()).client
    registration = await client.register(ADA, 6.0)
    assert len(registration.secret) > 40
    assert registration.ttl == 6.0
    snapshot = await client.get("users")
    assert snapshot.instances == (ADA,)
    assert snapshot.revision == registration.revision
    assert await client.services() == (ServiceInfo("users", 1, registration.revision),)


async def test_an_unknown_service_has_no_instances(registry):
    assert (await (await registry()).client.get("users")).instances == ()


async def test_a_watcher_is_told_the_whole_set_at_once_and_at_each_change(registry):
    client = (await registry()).client
    await client.register(ADA)
    async with fail_after(10), aclosing(client.watch("users")) as snapshots:
        first = await anext(snapshots)
        assert first.instances == (ADA,)
        bob = await client.register(BOB)
        second = await changed(snapshots)
        assert second.instances == (ADA, BOB)
        assert second.revision > first.revision
        await client.deregister("users", "bob", bob.secret)
        assert (await changed(snapshots)).instances == (ADA,)


async def changed(snapshots):
    """Return the next snapshot that is more than a sign of life."""
    async for snapshot in snapshots:
        if snapshot.instances is not None:
            return snapshot
    raise AssertionError("the watch ended")


async def test_a_watcher_that_is_slow_is_told_the_newest_set_and_delays_nobody(registry):
    client = (await registry(Settings())).client
    async with (
        fail_after(20),
        aclosing(client.watch("users")) as slow,
        aclosing(client.watch("users")) as quick,
    ):
        await anext(slow)
        for number in range(300):
            await client.register(Instance("users", str(number)))
        while len((await changed(quick)).instances) < 300:
            pass
        seen = [len((await changed(slow)).instances)]
        while seen[-1] < 300:
            seen.append(len((await changed(slow)).instances))
        assert len(seen) < 10  # what was on its way, and the newest


async def test_a_watcher_with_nothing_to_learn_hears_signs_of_life(registry):
    client = (await registry()).client
    await client.register(ADA)
    async with fail_after(10), aclosing(client.watch("users")) as snapshots:
        first = await anext(snapshots)
        sign = await anext(snapshots)
        assert sign.instances is None
        assert sign.revision == first.revision


async def test_a_lease_that_is_not_renewed_ends(registry):
    client = (await registry()).client
    await client.register(ADA, 0.1)
    async with fail_after(10), aclosing(client.watch("users")) as snapshots:
        assert (await anext(snapshots)).instances == (ADA,)
        assert (await changed(snapshots)).instances == ()


async def test_a_lease_that_is_renewed_stands(registry, until):
    client = (await registry()).client
    secret = (await client.register(ADA, 0.3)).secret
    await client.register(BOB, 0.3)
    sets = []
    async with fail_after(10), aclosing(client.watch("users")) as snapshots:
        while sets[-1:] != [(ADA,)]:
            sets.append((await anext(snapshots)).instances or sets[-1])
            await client.renew("users", "ada", secret)
    assert all(ADA in instances for instances in sets)


async def test_registering_without_the_secret_of_a_living_instance_is_refused(registry):
    client = (await registry()).client
    await client.register(ADA)
    with pytest.raises(AlreadyExists, match="another owner"):
        await client.register(ADA)
    with pytest.raises(PermissionDenied):
        await client.renew("users", "ada", SECRET)
    with pytest.raises(PermissionDenied):
        await client.deregister("users", "ada", SECRET)
    with pytest.raises(PermissionDenied):
        async with aclosing(client.hold("users", "ada", SECRET)) as hold:
            await anext(hold)
    assert (await client.get("users")).instances == (ADA,)


async def test_registering_with_the_secret_replaces(registry):
    client = (await registry()).client
    registration = await client.register(ADA)
    moved = msgspec.structs.replace(ADA, addresses=("http://10.255.255.1:9",))
    await client.register(moved, 6.0, registration.secret)
    assert (await client.get("users")).instances == (moved,)


async def test_a_request_whose_answer_was_lost_may_be_sent_again(registry):
    client = (await registry()).client
    first = await client.register(ADA, 6.0, SECRET)
    assert await client.register(ADA, 6.0, SECRET) == first


async def test_an_instance_that_said_it_is_closing_is_not_resurrected(registry):
    client = (await registry()).client
    await client.register(ADA, 6.0, SECRET)
    await client.deregister("users", "ada", SECRET)
    with pytest.raises(NotFound):
        await client.renew("users", "ada", SECRET)
    with pytest.raises(FailedPrecondition, match="closing"):
        await client.register(ADA, 6.0, SECRET)
    assert (await client.get("users")).instances == ()


@pytest.mark.parametrize(
    ("ttl", "secret", "message"),
    [
        (0.0, "", "ttl: expected 1 to 300 seconds, got 0"),
        (301.0, "", "ttl: expected 1 to 300"),
        (float("nan"), "", "ttl: expected"),
        (6.0, "short", "secret: expected 16 to 128 characters"),
        (6.0, "x" * 129, "secret: expected 16 to 128 characters"),
    ],
)
async def test_a_lease_out_of_bounds_is_refused(registry, ttl, secret, message):
    client = (await registry(Settings())).client
    with pytest.raises(InvalidArgument, match=message):
        await client.register(ADA, ttl, secret)


@pytest.mark.parametrize("name", ["", "u" * 300, "users\n"])
async def test_a_name_that_no_service_can_have_is_refused(registry, name):
    client = (await registry()).client
    with pytest.raises(InvalidArgument, match="service: expected"):
        await client.get(name)
    with pytest.raises(InvalidArgument, match="service: expected"):
        async with aclosing(client.watch(name)) as snapshots:
            await anext(snapshots)


async def test_a_registry_that_was_asleep_blames_nobody(until):
    offset = 0.0

    def clock() -> float:
        return asyncio.get_running_loop().time() + offset

    async with RegistryService(Settings(shortest_ttl=0.05), clock=clock) as service:
        await service.register(ADA, 1.0)
        await service.register(BOB, 0.05)
        offset = 60.0
        await until(lambda: only_ada(service))
        await until(lambda: emptied(service))


async def test_more_watchers_than_allowed_are_refused(registry, quick_with):
    client = (await registry(quick_with(limits=Limits(watchers=1)))).client
    async with fail_after(10), aclosing(client.watch("users")) as first:
        await anext(first)
        with pytest.raises(ResourceExhausted, match="1 watchers"):
            async with aclosing(client.watch("logs")) as second:
                await anext(second)


async def test_with_a_token_every_method_asks_for_it(registry, quick_with):
    running = await registry(quick_with(token="s3cret"))
    with pytest.raises(Unauthenticated, match="token"):
        await running.client.get("users")
    with pytest.raises(Unauthenticated):
        async with aclosing(running.client.watch("users")) as snapshots:
            await anext(snapshots)
    shown = Registry.client(Through(running.connection, bearer("s3cret")))
    assert (await shown.get("users")).instances == ()


async def test_registrations_secrets_and_revisions_survive_a_restart(tmp_path: Path):
    settings = Settings(database=str(tmp_path / "registry.db"))
    async with RegistryService(settings) as service:
        before = await service.register(ADA, 6.0, SECRET)
    async with RegistryService(settings) as service:
        snapshot = await service.get("users")
        assert snapshot.instances == (ADA,)
        assert snapshot.revision > before.revision
        with pytest.raises(PermissionDenied):
            await service.renew("users", "ada", "another secret, as long")
        assert (await service.renew("users", "ada", SECRET)).ttl == 6.0
    assert SECRET.encode() not in (tmp_path / "registry.db").read_bytes()


async def test_what_ended_before_a_restart_stays_ended(tmp_path: Path, until):
    settings = Settings(database=str(tmp_path / "registry.db"), shortest_ttl=0.05)
    async with RegistryService(settings) as service:
        await service.register(ADA, 0.1)
        await service.register(BOB, 6.0, SECRET)
        await service.deregister("users", "bob", SECRET)
        await until(lambda: emptied(service))
    async with RegistryService(settings) as service:
        assert (await service.get("users")).instances == ()


async def emptied(service: RegistryService) -> bool:
    return not await service.services()


async def test_a_lease_is_full_after_a_restart(tmp_path: Path, until):
    settings = Settings(database=str(tmp_path / "registry.db"), shortest_ttl=0.05)
    now = asyncio.get_running_loop().time
    async with RegistryService(settings) as service:
        await service.register(ADA, 0.3)
        end = now() + 0.3
    await until(lambda: now() > end)
    async with RegistryService(settings) as service:
        assert await only_ada(service)
        await until(lambda: emptied(service))


async def only_ada(service: RegistryService) -> bool:
    return (await service.get("users")).instances == (ADA,)


async def test_a_restart_with_lower_limits_leaves_the_rest_out(tmp_path: Path):
    database = str(tmp_path / "registry.db")
    async with RegistryService(Settings(database=database)) as service:
        await service.register(ADA)
        await service.register(BOB)
    lower = Settings(database=database, limits=Limits(instances=1))
    async with RegistryService(lower) as service:
        assert len((await service.get("users")).instances) == 1


async def test_revisions_go_on_where_the_store_was_lost_and_where_the_clock_went_back(
    tmp_path: Path,
):
    settings = Settings(database=str(tmp_path / "registry.db"))
    async with RegistryService(settings, wall=lambda: 1_000.0) as service:
        first = (await service.register(ADA)).revision
    async with RegistryService(settings, wall=lambda: 10.0) as service:
        second = (await service.register(BOB)).revision
    async with RegistryService(Settings(), wall=lambda: 1_001.0) as service:
        third = (await service.register(ADA)).revision
    assert first < second < third
