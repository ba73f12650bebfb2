"""The original protocol's routes, and the two worlds seeing each other."""

import json
from contextlib import aclosing

import pytest

from kitfox.registry import Instance, OriginalProvider, Patch
from kitfox.scope import fail_after

KITFOX_LOG = Instance(
    "LogService", "log-1", ("msgpack://10.255.255.1:9", "http://10.255.255.1:4100")
)


async def test_a_registration_is_answered_after_its_first_patch(registry, twins, ask):
    app = (await registry()).asgi
    log, grading = await twins("LogService"), await twins("GradingService", "LogService")
    assert (await ask(app, "POST", "/services", log.registration)).status == 200
    answer = await ask(app, "POST", "/services", grading.registration)
    assert answer[::2] == (200, b"")
    assert grading.patches == [Patch((log.provider,), None)]


async def test_a_first_patch_is_sent_even_if_nothing_required_is_there(registry, twins, ask):
    grading = await twins("GradingService", "LogService")
    await ask((await registry()).asgi, "POST", "/services", grading.registration)
    assert grading.patches == [Patch(None, None)]


async def test_dependents_are_told_what_comes_and_goes(registry, twins, ask, until):
    app = (await registry()).asgi
    log, grading = await twins("LogService"), await twins("GradingService", "LogService")
    await ask(app, "POST", "/services", grading.registration)
    await ask(app, "POST", "/services", log.registration)
    await until(lambda: grading.patches[1:] == [Patch((log.provider,), ())])
    assert (await ask(app, "DELETE", "/services", log.url)).status == 200
    await until(lambda: grading.patches[2:] == [Patch((), (log.provider,))])


async def test_a_service_that_requires_its_own_name_is_told_of_itself_once(
    registry, twins, ask, until
):
    app = (await registry()).asgi
    narcissus = await twins("Mirror", "Mirror")
    await ask(app, "POST", "/services", narcissus.registration)
    await until(lambda: narcissus.known == [narcissus.provider])


async def test_original_services_are_instances_to_kitfox_watchers(registry, twins, ask):
    running, log = await registry(), await twins("LogService")
    async with fail_after(10), aclosing(running.client.watch("LogService")) as snapshots:
        assert (await anext(snapshots)).instances == ()
        await ask(running.asgi, "POST", "/services", log.registration)
        (instance,) = (await told(snapshots)).instances
        assert instance.addresses == (log.url,)
        assert instance.metadata == {"protocol": "original"}
        await ask(running.asgi, "DELETE", "/services", log.url)
        assert (await told(snapshots)).instances == ()


async def told(snapshots):
    async for snapshot in snapshots:
        if snapshot.instances is not None:
            return snapshot
    raise AssertionError("the watch ended")


async def test_kitfox_instances_are_providers_to_original_services(registry, twins, ask, until):
    running, grading = await registry(), await twins("GradingService", "LogService")
    provider = OriginalProvider("LogService", "http://10.255.255.1:4100")
    secret = (await running.client.register(KITFOX_LOG)).secret
    await ask(running.asgi, "POST", "/services", grading.registration)
    assert grading.patches == [Patch((provider,), None)]
    await running.client.deregister("LogService", "log-1", secret)
    await until(lambda: grading.patches[1:] == [Patch((), (provider,))])


async def test_an_instance_without_an_http_address_is_no_provider(registry, twins, ask):
    running, grading = await registry(), await twins("GradingService", "LogService")
    await running.client.register(Instance("LogService", "x", ("msgpack://10.255.255.1:9",)))
    await ask(running.asgi, "POST", "/services", grading.registration)
    assert grading.patches == [Patch(None, None)]


async def test_all_providers_are_listed(registry, twins, ask):
    running, log = await registry(), await twins("LogService")
    await running.client.register(KITFOX_LOG)
    await ask(running.asgi, "POST", "/services", log.registration)
    answer = await ask(running.asgi, "GET", "/services")
    assert answer.headers["content-type"] == "application/json"
    assert answer.body.endswith(b"]\n")
    assert sorted(provider["URL"] for provider in json.loads(answer.body)) == [
        "http://10.255.255.1:4100",
        log.url,
    ]


async def test_other_methods_are_405_with_allow_and_other_paths_404(registry, ask):
    app = (await registry()).asgi
    answer = await ask(app, "PUT", "/services")
    assert answer.status == 405
    assert answer.headers["allow"] == "DELETE, GET, HEAD, POST"
    assert (await ask(app, "POST", "/elsewhere")).status == 404


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("{", "truncated"),
        ("{}", "ServiceURL: expected http://host:port"),
        ('{"ServiceURL":"http://localhost:1"}', "instance.service: expected a name"),
        (
            '{"ServiceName":"A","ServiceURL":"http://localhost:1","RequiredServices":["B"]}',
            "ServiceUpdateURL: expected http://host:port",
        ),
        (
            '{"ServiceName":"A","ServiceURL":"http://localhost:1","HeartbeatURL":"ftp://x/"}',
            "HeartbeatURL: expected http://host:port",
        ),
        (
            json.dumps(
                {
                    "ServiceName": "A",
                    "ServiceURL": "http://localhost:1",
                    "ServiceUpdateURL": "http://localhost:1/services",
                    "RequiredServices": ["B"] * 65,
                }
            ),
            "RequiredServices: expected at most 64 names",
        ),
    ],
)
async def test_a_malformed_registration_is_400_and_says_why(registry, ask, body, message):
    running = await registry()
    answer = await ask(running.asgi, "POST", "/services", body)
    assert answer.status == 400
    assert message in answer.body.decode()
    assert await running.client.services() == ()


async def test_a_newcomer_that_registers_before_it_listens_is_tried_again(
    registry, twins, ask, until
):
    app = (await registry()).asgi
    grading = await twins("GradingService", "LogService")
    await grading.die()
    registering = until(lambda: ask(app, "POST", "/services", grading.registration))
    await grading.revive()
    await registering
    assert grading.patches == [Patch(None, None)]


async def test_a_replacement_with_another_name_leaves_the_former_list(registry, twins, ask):
    running = await registry()
    log, same_port = await twins("LogService"), await twins("Logs")
    same_port.port = log.port
    await ask(running.asgi, "POST", "/services", log.registration)
    await ask(running.asgi, "POST", "/services", same_port.registration)
    assert [info.name for info in await running.client.services()] == ["Logs"]


async def test_a_service_without_a_heartbeat_url_lives_while_it_listens(
    registry, twins, ask, until
):
    running, log = await registry(), await twins("LogService")
    registration = {"ServiceName": log.name, "ServiceURL": log.url}
    await ask(running.asgi, "POST", "/services", json.dumps(registration))
    await until(lambda: log.visits > 2)
    assert len(await running.instances("LogService")) == 1
    await log.die()
    await until(lambda: gone(running))


async def gone(running) -> bool:
    return not await running.instances("LogService")
