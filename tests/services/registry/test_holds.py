"""What becomes of an instance when the connection that holds its lease breaks."""

import asyncio
from contextlib import aclosing

from kitfox.registry import Instance
from kitfox.scope import fail_after

SECRET = "a secret of some length"


async def held(client, instance):
    """Register an instance and return the stream that holds its lease."""
    await client.register(instance, 6.0, SECRET)
    hold = client.hold(instance.service, instance.id, SECRET)
    await anext(hold)
    return hold


async def test_an_instance_that_no_longer_listens_is_removed(registry, twins, until):
    running, twin = await registry(), await twins("users")
    hold = await held(running.client, Instance("users", "ada", (f"http://127.0.0.1:{twin.port}",)))
    async with fail_after(10), aclosing(running.client.watch("users")) as snapshots:
        assert len((await anext(snapshots)).instances) == 1
        await twin.die()
        await hold.aclose()
        while (await anext(snapshots)).instances != ():
            pass


async def test_an_instance_that_still_listens_is_kept(registry, twins, until):
    running = await registry()
    await both_looks(running.client, await twins("users"), until)
    assert len(await running.instances("users")) == 1


async def test_a_process_that_closes_its_listener_last_is_seen_at_the_second_look(
    registry, twins, until
):
    running, twin = await registry(), await twins("users")
    hold = await held(running.client, Instance("users", "ada", (f"http://127.0.0.1:{twin.port}",)))
    await hold.aclose()
    await until(lambda: twin.visits == 1)
    await twin.die()
    await until(lambda: emptied(running))


async def test_who_takes_the_place_of_a_crashed_process_is_alone_there(registry, twins, until):
    running, twin = await registry(), await twins("users")
    place = (f"http://127.0.0.1:{twin.port}",)  # the socket is kept, and answers all the time
    crashed = await held(running.client, Instance("users", "ada", place))
    await crashed.aclose()
    async with aclosing(await held(running.client, Instance("users", "bob", place))):
        await until(lambda: alone(running, "bob"))


async def test_a_crashed_replica_is_gone_though_another_answers_in_its_place(
    registry, twins, until
):
    running, twin = await registry(), await twins("users")
    place = (f"http://127.0.0.1:{twin.port}",)
    async with aclosing(await held(running.client, Instance("users", "bob", place))):
        crashed = await held(running.client, Instance("users", "ada", place))
        assert len(await running.instances("users")) == 2
        await crashed.aclose()
        await until(lambda: alone(running, "bob"))


async def test_a_newcomer_that_dies_before_anybody_holds_it_is_removed(registry, until):
    running = await registry()
    await running.client.register(Instance("users", "ada", ("http://127.0.0.1:1",)))
    assert await running.instances("users")
    await until(lambda: emptied(running))


async def test_a_newcomer_that_dies_before_its_registration_is_answered_is_removed(registry, until):
    running = await registry()
    registering = asyncio.ensure_future(
        running.client.register(Instance("users", "ada", ("http://127.0.0.1:1",)))
    )
    await until(lambda: running.instances("users"))
    registering.cancel()
    await until(lambda: emptied(running))


async def test_a_newcomer_that_holds_nothing_and_listens_is_kept(registry, twins, until):
    running, twin = await registry(), await twins("users")
    await running.client.register(Instance("users", "ada", (f"http://127.0.0.1:{twin.port}",)), 6.0)
    await until(lambda: twin.visits == 2)
    assert await running.instances("users")


async def test_an_instance_that_is_held_again_is_not_looked_after(registry, twins, until):
    running = await registry()
    ada = Instance("users", "ada", ("http://127.0.0.1:1",))
    first = await held(running.client, ada)
    second = await held(running.client, ada)
    await first.aclose()
    await both_looks(running.client, await twins("logs"), until)
    assert await running.instances("users") == (ada,)
    await second.aclose()
    await until(lambda: emptied(running))


async def test_an_address_that_is_not_the_holders_own_is_never_called(registry, twins, until):
    running = await registry()
    ada = Instance("users", "ada", ("http://10.255.255.1:9", "memory:", "nonsense", "http://[x"))
    hold = await held(running.client, ada)
    await hold.aclose()
    await both_looks(running.client, await twins("logs"), until)
    assert await running.instances("users") == (ada,)


async def both_looks(client, twin, until):
    """Break the hold of an instance that lives, and wait until it was looked at twice."""
    alive = Instance(twin.name, "alive", (f"http://127.0.0.1:{twin.port}",))
    hold = await held(client, alive)
    await hold.aclose()
    await until(lambda: twin.visits == 2)


async def emptied(running) -> bool:
    return not await running.instances("users")


async def alone(running, id) -> bool:
    return [one.id for one in await running.instances("users")] == [id]


async def test_a_holder_hears_signs_of_life(registry):
    running = await registry()
    hold = await held(running.client, Instance("users", "ada"))
    async with fail_after(10):
        assert (await anext(hold)).ttl == 6.0
    await hold.aclose()
