"""What an operator says of an instance's weight."""

from contextlib import aclosing

import pytest

from kitfox.core import InvalidArgument, NotFound, PermissionDenied, Unauthenticated
from kitfox.registry import Instance, Registry
from kitfox.scope import fail_after
from kitfox.services.registry import RegistryService

ADA = Instance("users", "ada", ("http://10.0.0.1:80",), weight=3)


def weights(instances):
    return {instance.id: instance.weight for instance in instances}


async def test_watchers_are_told_of_a_weight_and_of_its_end(registry):
    client: Registry = (await registry()).client
    await client.register(ADA)
    async with fail_after(10), aclosing(client.watch("users")) as snapshots:
        assert weights((await anext(snapshots)).instances) == {"ada": 3}
        for weight, seen in ((0, 0), (7, 7), (None, 3)):
            await client.weigh("users", "ada", weight)
            snapshot = await anext(snapshots)
            while snapshot.instances is None:
                snapshot = await anext(snapshots)
            assert weights(snapshot.instances) == {"ada": seen}


async def test_what_an_instance_says_of_itself_changes_nothing(registry):
    running = await registry()
    secret = (await running.client.register(ADA)).secret
    await running.client.weigh("users", "ada", 0)
    await running.client.renew("users", "ada", secret)
    await running.client.register(
        Instance("users", "ada", ADA.addresses, "2.0", weight=5), 6.0, secret
    )
    (found,) = await running.instances("users")
    assert (found.version, found.weight) == ("2.0", 0)
    await running.client.weigh("users", "ada", None)
    assert weights(await running.instances("users")) == {"ada": 5}


async def test_a_weight_goes_with_its_instance(registry):
    running = await registry()
    secret = (await running.client.register(ADA)).secret
    await running.client.weigh("users", "ada", 0)
    await running.client.deregister("users", "ada", secret)
    await running.client.register(ADA)
    assert weights(await running.instances("users")) == {"ada": 3}


async def test_an_unknown_instance_and_an_impossible_weight_are_refused(registry):
    client = (await registry()).client
    with pytest.raises(NotFound, match="users ada is not registered"):
        await client.weigh("users", "ada", 0)
    await client.register(ADA)
    for weight in (-1, 1_000_001):
        with pytest.raises(InvalidArgument, match="weight: expected 0 to 1,000,000"):
            await client.weigh("users", "ada", weight)


async def test_with_a_token_nobody_else_sets_weights(registry, quick_with):
    client = (await registry(quick_with(token="open sesame"))).client
    with pytest.raises((Unauthenticated, PermissionDenied)):
        await client.weigh("users", "ada", 0)


async def test_a_weight_survives_a_restart_and_does_not_outlive_its_instance(quick_with, tmp_path):
    settings = quick_with(longest_ttl=300.0, database=str(tmp_path / "registry.db"))
    async with fail_after(10):
        async with RegistryService(settings) as first:
            secret = (await first.register(ADA, 60.0)).secret
            await first.register(Instance("users", "bob"), 60.0)
            await first.weigh("users", "ada", 0)
            await first.weigh("users", "bob", 9)
            await first.weigh("users", "bob", None)
        async with RegistryService(settings) as second:
            found = await second.get("users")
            assert weights(found.instances) == {"ada": 0, "bob": 1}
            await second.deregister("users", "ada", secret)
        async with RegistryService(settings) as third:
            await third.register(ADA, 60.0)
            assert weights((await third.get("users")).instances) == {"ada": 3, "bob": 1}
