"""A service that has more processes, or fewer, than it had."""

import asyncio
import signal

import pytest

from kitfox.app import connect
from restart_load import DESK, Desk, Load

CONFIG = """
[service.desk]
run = "desk:Desk"
listen = ["http://127.0.0.1:0", "ws://127.0.0.1:0", "rpc://127.0.0.1:0"]
"""
BROKEN = "raise SystemExit('no luck')"


@pytest.fixture
async def desk(system):
    made = system(CONFIG)
    (made.folder / "desk.py").write_text(DESK)
    made.command = await made.up()
    return made


def want(system, replicas: int) -> None:
    (system.folder / "kitfox.toml").write_text(f"{CONFIG}replicas = {replicas}\n")


def ready(system) -> list[str]:
    return [name for name, row in system.rows().items() if row["state"] == "ready"]


def names(system) -> list[str]:
    return list(system.rows())


async def test_a_service_grows_and_shrinks_and_no_call_is_lost(desk, until):
    web, rpc = desk.rows()["desk"]["addresses"]
    addresses = {"http": web, "ws": web.replace("http", "ws"), "rpc": rpc}
    async with Load(addresses).running() as load:
        for replicas, expected in (
            (3, ["desk/1", "desk/2", "desk/3"]),
            (2, ["desk/1", "desk/2"]),
            (1, ["desk"]),
        ):
            want(desk, replicas)
            restart = await desk.kitfox("restart", "desk")
            assert await restart.ended() == 0, restart.output
            assert ready(desk) == expected
            await until(lambda expected=expected: names(desk) == expected)
    assert "\n".join(load.faults) == ""
    assert min(load.done.values()) > 0, load.done


async def test_who_parts_finishes_what_it_has_begun(desk, until):
    _, rpc = desk.rows()["desk"]["addresses"]
    only = desk.rows()["desk"]["pid"]
    async with connect(rpc) as connection:
        slow = asyncio.create_task(Desk.client(connection, timeout=30.0).slow(5.0))
        want(desk, 2)
        desk.command.send(signal.SIGHUP)
        await until(lambda: ready(desk) == ["desk/1", "desk/2"])
        assert desk.rows()["desk"]["pid"] == only
        assert await slow == only
    await until(lambda: names(desk) == ["desk/1", "desk/2"])


async def test_a_service_that_cannot_grow_stays_as_it_was(desk, until):
    before = desk.rows()["desk"]["pid"]
    want(desk, 2)
    (desk.folder / "desk.py").write_text(BROKEN)
    restart = await desk.kitfox("restart", "desk")
    assert await restart.ended() == 1
    assert "desk/1 was not restarted: exit 1" in restart.output
    await until(lambda: names(desk) == ["desk"])
    assert desk.rows()["desk"]["pid"] == before
    (desk.folder / "desk.py").write_text(DESK)
    restart = await desk.kitfox("restart", "desk")
    assert await restart.ended() == 0
    assert ready(desk) == ["desk/1", "desk/2"]


async def test_a_program_that_would_forget_a_process_does_not_take_over(desk, until):
    want(desk, 2)
    desk.command.send(signal.SIGUSR2)
    await desk.command.says("not upgraded: .*desk runs, and .*kitfox.toml no longer says so")
    restart = await desk.kitfox("restart", "desk")
    assert await restart.ended() == 0
    await until(lambda: names(desk) == ["desk/1", "desk/2"])
    upgrade = await desk.kitfox("restart", "--supervisor")
    assert await upgrade.ended() == 0, upgrade.output
