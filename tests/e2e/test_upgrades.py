"""Supervisors that are asked to replace themselves, or what `kitfox serve` runs."""

import asyncio
import signal

import pytest

from kitfox.core import FailedPrecondition
from kitfox.scope import fail_after
from restart_load import DESK

CONFIG = """
[service.desk]
run = "desk:Desk"
listen = "http://127.0.0.1:0"
"""
# Where `kitfox serve` keeps what it knows.
SERVED = '[system]\nstate = ".kitfox/desk"\n'
HANGS = "import time; time.sleep(600)"


@pytest.fixture
def desk(system):
    made = system(CONFIG)
    (made.folder / "desk.py").write_text(DESK)
    return made


@pytest.fixture
async def served(system, until):
    """Two processes that `kitfox serve` runs, where no kitfox.toml is of use."""
    made = system(SERVED)
    (made.folder / "desk.py").write_text(DESK)
    made.command = await made.kitfox("serve", "desk:Desk", "--replicas", "2")
    await until(lambda: {row["state"] for row in made.rows().values()} == {"ready"})
    return made


def pids(system) -> list[int]:
    return [row["pid"] for row in system.rows().values()]


async def test_the_command_tells_that_another_program_has_taken_over(desk, supervisor):
    up = await desk.up()
    before = pids(desk)
    for number in (2, 3):
        upgrade = await desk.kitfox("restart", "--supervisor")
        assert await upgrade.ended() == 0
        assert f"took over from 0.1.0: pid {up.pid}" in upgrade.output
        async with supervisor(desk) as supervision:
            assert (await supervision.program()).number == number
    assert pids(desk) == before


async def test_the_command_tells_why_none_has_taken_over(desk, until):
    up = await desk.up()
    (desk.folder / "desk.py").write_text(HANGS)
    restart = await desk.kitfox("restart", "desk")
    await until(lambda: desk.rows()["desk"]["heir"])
    upgrade = await desk.kitfox("restart", "--supervisor")
    assert await upgrade.ended() == 1
    assert "not upgraded: desk is restarting" in upgrade.output
    up.send(signal.SIGTERM)
    assert await restart.ended() != 0


async def test_a_program_that_could_not_read_the_configuration_does_not_take_over(desk, supervisor):
    up = await desk.up()
    before = pids(desk)
    (desk.folder / "kitfox.toml").write_text("[service")
    async with supervisor(desk) as supervision, fail_after(30.0):
        with pytest.raises(FailedPrecondition, match=r"not upgraded: .* is not valid TOML"):
            await supervision.upgrade()
        assert (await supervision.program()).number == 1
    up.send(signal.SIGUSR2)
    await up.says_anew(r"not upgraded: .* is not valid TOML")
    assert pids(desk) == before


async def test_hang_ups_while_another_program_takes_over_end_nothing(desk, supervisor):
    up = await desk.up()
    before = pids(desk)
    upgrade = await desk.kitfox("restart", "--supervisor")
    ended = asyncio.create_task(upgrade.ended())
    while not ended.done():
        up.send(signal.SIGHUP)
        await asyncio.wait([ended], timeout=0.02)
    assert await ended == 0
    async with supervisor(desk) as supervision:
        assert (await supervision.program()).number == 2
    assert pids(desk) == before


async def test_what_is_served_without_a_file_is_restarted_by_what_it_is(served, until):
    before = pids(served)
    restart = await served.kitfox("restart", "desk:Desk", "--rolling")
    assert await restart.ended() == 0
    assert not set(pids(served)) & set(before)
    await until(lambda: not any(row["leaving"] for row in served.rows().values()))
    upgrade = await served.kitfox("restart", "--supervisor", "desk:Desk")
    assert await upgrade.ended() == 0
    assert f"pid {served.command.pid}" in upgrade.output


async def test_what_nobody_serves_is_not_restarted(system):
    made = system("")
    restart = await made.kitfox("restart", "desk:Desk")
    assert await restart.ended() == 4
    assert "no `kitfox serve desk:Desk` runs in " in restart.output
    assert ".kitfox/desk" in restart.output
