"""HTTPRegistrar against the real registry, which comes and goes."""

import msgspec
import pytest

from kitfox.core import (
    Call,
    Endpoint,
    InvalidArgument,
    Kind,
    Through,
    Unauthenticated,
    Unavailable,
    Unimplemented,
)
from kitfox.registry import HTTPRegistrar, Instance
from kitfox.scope import fail_after
from kitfox.services.registry import RegistryService, Settings
from kitfox.transports.memory import Memory

ADA = Instance("users", "ada", ("http://10.255.255.1:9",), metadata={"zone": "a"})


def soonest() -> float:
    """Draw the shortest wait."""
    return 0.0


async def listed(service: RegistryService, *instances: Instance) -> bool:
    return (await service.get("users")).instances == instances


async def test_a_registered_instance_stays_registered(registry, until):
    running = await registry()
    registrar = HTTPRegistrar(running.connection, ttl=0.2, draw=soonest)
    await registrar.register(ADA)
    assert registrar.registered(ADA)
    revision = (await running.client.get("users")).revision
    signs = 0
    async for snapshot in running.client.watch("users"):
        signs += 1
        assert snapshot.revision == revision
        if signs == 8:  # four leases long
            break
    await registrar.aclose()


async def test_a_deregistered_instance_disappears_at_once(registry):
    running = await registry()
    registrar = HTTPRegistrar(running.connection)
    await registrar.register(ADA)
    await registrar.deregister(ADA)
    assert not await running.instances("users")
    assert not registrar.registered(ADA)
    await registrar.deregister(ADA)


async def test_saying_something_else_replaces_without_a_gap(registry):
    running = await registry()
    registrar = HTTPRegistrar(running.connection)
    await registrar.register(ADA)
    revision = (await running.client.get("users")).revision
    changed = msgspec.structs.replace(ADA, weight=7)
    await registrar.register(changed)
    snapshot = await running.client.get("users")
    assert snapshot.instances == (changed,)
    assert snapshot.revision == revision + 1
    await registrar.aclose()


async def test_a_registry_that_is_away_delays_nobody_and_is_joined_when_it_comes(until):
    wire = Memory(grace=0.0)
    registrar = HTTPRegistrar(wire, draw=soonest)
    await registrar.register(ADA)
    assert not registrar.registered(ADA)
    async with RegistryService(Settings()) as service, wire.listen(service.routes()):
        await until(lambda: listed(service, ADA))
        await registrar.aclose()


async def test_the_deadline_of_the_registering_call_does_not_end_the_keeping(until):
    wire = Memory(grace=0.0)
    registrar = HTTPRegistrar(wire, draw=soonest)
    async with fail_after(0.05):
        await registrar.register(ADA)
    async with RegistryService(Settings()) as service, wire.listen(service.routes()):
        await until(lambda: listed(service, ADA))
        await registrar.aclose()


async def test_a_registry_that_lost_its_state_gets_the_instance_back(until):
    wire = Memory(grace=0.0)
    registrar = HTTPRegistrar(wire, draw=soonest)
    for _ in range(2):
        async with RegistryService(Settings()) as service, wire.listen(service.routes()):
            await registrar.register(ADA) if not registrar.registered(ADA) else None
            await until(lambda service=service: listed(service, ADA))
    await registrar.aclose()


async def test_a_restart_of_the_registry_changes_no_set(tmp_path, until):
    settings = Settings(database=str(tmp_path / "registry.db"))
    wire = Memory(grace=0.0)
    registrar = HTTPRegistrar(wire, draw=soonest)
    async with RegistryService(settings) as service, wire.listen(service.routes()):
        await registrar.register(ADA)
    await until(lambda: not registrar.registered(ADA))
    async with RegistryService(settings) as service, wire.listen(service.routes()):
        revision = (await service.get("users")).revision
        await until(lambda: registrar.registered(ADA))
        assert (await service.get("users")).revision == revision
        await registrar.aclose()


async def test_an_instance_that_was_evicted_by_mistake_comes_back(registry, until):
    running = await registry()
    registrar = HTTPRegistrar(running.connection, ttl=0.3, draw=soonest)
    await registrar.register(ADA)
    running.service._book.evict("users", "ada")  # noqa: SLF001 - nobody else may
    await until(lambda: listed(running.service, ADA))
    await registrar.aclose()


async def test_an_instance_that_a_crashed_predecessor_still_holds_is_registered_in_time(
    registry, until
):
    running = await registry()
    await running.client.register(ADA, 0.3)
    registrar = HTTPRegistrar(running.connection, draw=soonest)
    await registrar.register(ADA)
    assert not registrar.registered(ADA)
    await until(lambda: registrar.registered(ADA))
    await registrar.aclose()


async def test_one_lost_renewal_never_flaps(registry, twins, until):
    running, twin = await registry(), await twins("users")
    listening = msgspec.structs.replace(ADA, addresses=(f"http://127.0.0.1:{twin.port}",))
    lost = 0

    def losing(endpoint: Endpoint) -> Endpoint:
        async def lose_one_renewal(call: Call, message: object) -> object:
            nonlocal lost
            if call.method.name == "Renew" and not lost:
                lost += 1
                raise Unavailable("lost")
            return await endpoint(call, message)

        return lose_one_renewal

    registrar = HTTPRegistrar(Through(running.connection, losing), ttl=1.0, draw=soonest)
    await registrar.register(listening)
    revision = (await running.client.get("users")).revision
    await until(lambda: lost and not registrar.registered(listening))
    await until(lambda: registrar.registered(listening))
    assert (await running.client.get("users")).revision == revision
    await registrar.aclose()


async def test_where_the_wire_cannot_stream_renewals_are_enough(registry, until):
    running = await registry()
    renewals = 0

    def without_streams(endpoint: Endpoint) -> Endpoint:
        async def call_unary(call: Call, message: object) -> object:
            nonlocal renewals
            if call.method.kind is not Kind.UNARY:
                raise Unimplemented("this wire does not stream")
            renewals += call.method.name == "Renew"
            return await endpoint(call, message)

        return call_unary

    registrar = HTTPRegistrar(Through(running.connection, without_streams), ttl=0.3)
    await registrar.register(ADA)
    await until(lambda: renewals > 5)
    assert registrar.registered(ADA)
    assert await running.instances("users") == (ADA,)
    await registrar.aclose()


async def test_what_will_never_be_accepted_is_raised(registry, quick_with):
    running = await registry(quick_with(token="s3cret"))
    with pytest.raises(Unauthenticated):
        await HTTPRegistrar(running.connection).register(ADA)
    registrar = HTTPRegistrar(running.connection, token="s3cret")
    with pytest.raises(InvalidArgument, match=r"instance\.id"):
        await registrar.register(Instance("users", ""))
    await registrar.register(ADA)
    await registrar.aclose()
