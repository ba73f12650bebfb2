"""The known faults of the original registry (numbers 1 to 14): none of them is here."""

import asyncio
import json
from contextlib import aclosing

import msgspec
import pytest

from kitfox.registry import Instance, Limits, Patch
from kitfox.scope import fail_after
from kitfox.services.registry import RegistryService, Settings


async def register(ask, app, *members):
    for member in members:
        assert (await ask(app, "POST", "/services", member.registration)).status == 200


async def names(running) -> list[str]:
    return [info.name for info in await running.client.services()]


async def test_fault_1_heartbeats_are_asked_side_by_side(registry, twins, ask, until):
    running = await registry()
    members = [await twins(f"Service{number}") for number in range(11)]
    await register(ask, running.asgi, *members)
    await until(lambda: all(member.beats >= 3 for member in members))
    slowest = min(member.beats for member in members)
    fastest = max(member.beats for member in members)
    assert fastest <= slowest * 3  # one after the other, each would be 11 times slower


async def test_fault_2_an_empty_registry_is_idle():
    looks = 0

    def clock() -> float:
        nonlocal looks
        looks += 1
        return asyncio.get_running_loop().time()

    done = asyncio.Event()
    async with fail_after(10), RegistryService(Settings(), clock=clock):
        asyncio.get_running_loop().call_later(0.3, done.set)
        await done.wait()
    assert looks < 10


async def test_fault_3_a_client_that_hangs_delays_no_other(registry, twins, ask):
    app = (await registry()).asgi
    hung, good = await twins("Hung", "LogService"), await twins("Good", "LogService")
    hung.hangs = True
    registering = asyncio.ensure_future(ask(app, "POST", "/services", hung.registration))
    await register(ask, app, good)
    assert not registering.done()
    assert (await registering).status == 400


async def test_fault_4_a_heartbeat_that_hangs_stops_no_other(registry, twins, ask, until):
    running = await registry()
    hung, good = await twins("Hung"), await twins("Good")
    await register(ask, running.asgi, hung, good)
    hung.hangs = True
    await until(lambda: good.beats > 10)
    await until(lambda: only(running, "Good"))
    assert hung.beats <= 1


async def only(running, name) -> bool:
    return await names(running) == [name]


async def test_fault_5_patches_arrive_in_order(registry, twins, ask, until):
    app = (await registry()).asgi
    log, grading = await twins("LogService"), await twins("GradingService", "LogService")
    await register(ask, app, grading)
    for _ in range(100):
        await register(ask, app, log)
        assert (await ask(app, "DELETE", "/services", log.url)).status == 200
    last = await twins("LogService")
    await register(ask, app, last)
    await until(lambda: last.provider in grading.known)
    assert grading.known == [last.provider]
    known = 0
    for patch in grading.patches:
        for change in patch.added or ():
            known += change == log.provider
        for change in patch.removed or ():
            known -= change == log.provider
        assert known in {0, 1}


async def test_fault_6_a_patch_that_was_refused_is_delivered_later(registry, twins, ask, until):
    app = (await registry()).asgi
    log, grading = await twins("LogService"), await twins("GradingService", "LogService")
    await register(ask, app, grading)
    grading.status = 500
    await register(ask, app, log)
    await until(lambda: grading.refusals > 0)
    grading.status = 200
    await until(lambda: grading.known == [log.provider])


async def test_fault_7_sixty_concurrent_removals_remove_sixty_services(registry, twins, ask):
    running = await registry()
    members = [await twins(f"Service{number}") for number in range(60)]
    await register(ask, running.asgi, *members)
    answers = await asyncio.gather(
        *(ask(running.asgi, "DELETE", "/services", member.url) for member in members)
    )
    assert [answer.status for answer in answers] == [200] * 60
    assert await names(running) == []


async def test_fault_8_a_registration_that_was_answered_400_is_not_kept(registry, twins, ask):
    running = await registry()
    grading = await twins("GradingService", "LogService")
    grading.status = 500
    answer = await ask(running.asgi, "POST", "/services", grading.registration)
    assert answer.status == 400
    assert "answered 500" in answer.body.decode()
    assert await names(running) == []
    assert json.loads((await ask(running.asgi, "GET", "/services")).body) == []


async def test_fault_9_the_same_url_again_replaces_and_others_may_not(registry, twins, ask):
    running = await registry(
        Settings(allow=("10.0.0.7", "localhost"))  # may call localhost for 10.0.0.7
    )
    log, grading = await twins("LogService"), await twins("GradingService", "LogService")
    await register(ask, running.asgi, log, log, log, grading)
    assert grading.patches == [Patch((log.provider,), None)]
    for verb, body in (("POST", log.registration), ("DELETE", log.url)):
        answer = await ask(running.asgi, verb, "/services", body, client="10.0.0.7")
        assert answer.status == 403
        assert "registered from another address" in answer.body.decode()
    assert await names(running) == ["GradingService", "LogService"]


async def test_fault_10_one_missed_heartbeat_does_not_flap(registry, twins, ask, until):
    running = await registry()
    log, grading = await twins("LogService"), await twins("GradingService", "LogService")
    await register(ask, running.asgi, log, grading)
    log.beating = 503
    beats = log.beats
    await until(lambda: log.beats > beats)
    log.beating = 200
    await until(lambda: log.beats > beats + 3)
    assert grading.patches == [Patch((log.provider,), None)]


async def test_fault_10_a_restored_service_is_told_once(registry, twins, ask, until):
    app = (await registry()).asgi
    log, grading = await twins("LogService"), await twins("GradingService", "LogService")
    await register(ask, app, log, grading)
    log.beating = 503
    await until(lambda: grading.known == [])
    log.beating = 200
    await until(lambda: grading.known == [log.provider])
    grading.beating = 503
    beats = grading.beats
    await until(lambda: grading.beats > beats + 4)
    grading.beating = 200
    await until(lambda: grading.beats > beats + 7)
    assert len(grading.patches) == 3


async def test_a_service_that_stays_away_for_long_is_forgotten(
    registry, twins, ask, until, quick_with
):
    rhythm = msgspec.structs.replace(quick_with().heartbeat, grace=0.2)
    running = await registry(quick_with(heartbeat=rhythm, allow=("10.0.0.7",)))
    log = await twins("LogService")
    await register(ask, running.asgi, log)

    async def is_answered(status: int) -> bool:
        """Tell by a stranger's attempt, which changes nothing, whether the URL is known."""
        answer = await ask(running.asgi, "DELETE", "/services", log.url, client="10.0.0.7")
        return answer.status == status

    assert await is_answered(403)
    await log.die()
    await until(lambda: is_answered(404))


async def test_fault_11_a_restart_forgets_nobody(registry, twins, ask, until, quick_with, tmp_path):
    settings = quick_with(database=str(tmp_path / "registry.db"))
    log, grading = await twins("LogService"), await twins("GradingService", "LogService")
    portal = await twins("Portal", "LogService", "GradingService")
    async with RegistryService(settings) as service:
        await register(ask, service.asgi(), log, grading)
    running = await registry(settings)
    await register(ask, running.asgi, portal)
    assert portal.patches == [Patch((grading.provider, log.provider), None)]
    assert (await ask(running.asgi, "DELETE", "/services", log.url)).status == 200
    await until(lambda: grading.known == [])
    assert grading.patches == [Patch((log.provider,), None), Patch((), (log.provider,))]


async def test_fault_11_what_died_during_a_restart_is_noticed(
    registry, twins, ask, until, quick_with, tmp_path
):
    settings = quick_with(database=str(tmp_path / "registry.db"))
    log, grading = await twins("LogService"), await twins("GradingService", "LogService")
    async with RegistryService(settings) as service:
        await register(ask, service.asgi(), log, grading)
    await log.die()
    await registry(settings)
    await until(lambda: grading.known == [])


@pytest.mark.parametrize("field", ["ServiceURL", "ServiceUpdateURL", "HeartbeatURL"])
async def test_fault_12_nobody_makes_the_registry_call_somebody_else(registry, twins, ask, field):
    running, target = await registry(), await twins("Target")
    victim = await twins("Victim", "LogService")
    document = json.loads(victim.registration) | {field: f"http://10.0.0.8:{target.port}/"}
    answer = await ask(running.asgi, "POST", "/services", json.dumps(document))
    assert answer.status == 403
    assert f"{field}: 10.0.0.8 is neither" in answer.body.decode()
    assert (victim.visits, target.visits) == (0, 0)


async def test_fault_12_strangers_are_not_served(registry, twins, ask, quick_with):
    log = await twins("LogService")
    for settings, status in ((quick_with(), 403), (quick_with(token="s3cret"), 401)):
        app = (await registry(settings)).asgi
        for verb in ("GET", "POST", "DELETE"):
            answer = await ask(app, verb, "/services", log.registration, client="10.0.0.7")
            assert answer.status == status
    shown = await ask(app, "GET", "/services", client="10.0.0.7", authorization="Bearer s3cret")
    assert shown.status == 200


async def test_fault_12_a_page_in_a_browser_here_is_no_peer(registry, twins, ask):
    app, log = (await registry()).asgi, await twins("LogService")
    for header in ({"sec_fetch_site": "cross-site"}, {"origin": "http://evil.test"}):
        answer = await ask(app, "POST", "/services", log.registration, **header)
        assert answer.status == 403
        assert b"this comes from another site" in answer.body
    assert (await ask(app, "GET", "/services", sec_fetch_site="cross-site")).body == b"[]\n"


async def test_fault_13_bodies_and_counts_are_limited(registry, twins, ask, quick_with):
    app = (await registry(quick_with(limits=Limits(instances=1)))).asgi
    log, portal = await twins("LogService"), await twins("Portal")
    assert (await ask(app, "POST", "/services", b"x" * 70_000)).status == 413
    await register(ask, app, log)
    answer = await ask(app, "POST", "/services", portal.registration)
    assert answer.status == 429
    assert "the registry holds 1 instances" in answer.body.decode()


async def test_fault_13_only_dependents_are_told(registry, twins, ask, until):
    app = (await registry()).asgi
    log, portal = await twins("LogService"), await twins("Portal", "GradingService")
    grading = await twins("GradingService", "LogService")
    await register(ask, app, portal, grading, log)
    await until(lambda: grading.known == [log.provider])
    await until(lambda: portal.known == [grading.provider])
    assert len(portal.patches) == 2


async def test_fault_14_who_requires_nothing_is_sent_nothing(registry, twins, ask, until):
    running = await registry()
    log, other = await twins("LogService"), await twins("Other")
    document = json.loads(log.registration)
    del document["ServiceUpdateURL"]
    assert (await ask(running.asgi, "POST", "/services", json.dumps(document))).status == 200
    await register(ask, running.asgi, other)
    await until(lambda: log.beats > 2)
    assert log.patches == []


async def test_fault_14_an_unknown_url_is_404(registry, ask):
    answer = await ask((await registry()).asgi, "DELETE", "/services", "http://localhost:4000/log")
    assert answer.status == 404
    assert answer.body == b"no service has the URL http://localhost:4000/log\n"


async def test_a_dependent_that_hangs_delays_no_watcher_and_no_other_dependent(
    registry, twins, ask, until
):
    running = await registry()
    hung, good = await twins("Hung", "LogService"), await twins("Good", "LogService")
    await register(ask, running.asgi, hung, good)
    hung.hangs = True
    async with fail_after(10), aclosing(running.client.watch("LogService")) as snapshots:
        await anext(snapshots)
        for number in range(200):
            instance = Instance("LogService", str(number), (f"http://10.255.255.1:{number + 1}",))
            await running.client.register(instance)
        await until(lambda: len(good.known) == 200)
        assert len(hung.patches) == 1
        while len((await anext(snapshots)).instances or ()) != 200:
            pass
