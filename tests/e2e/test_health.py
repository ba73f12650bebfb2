"""Probes of processes whose loop is blocked, or which are on their way out."""

import asyncio
import re
import signal
import time
from pathlib import Path

import pytest

from kitfox.net import HTTPError

CONFIG = """
[system]
token = "open sesame"
logs = false

[service.desk]
run = "desk:Desk"
listen = "http://127.0.0.1:7001"

[service.desk.health]
probes = "127.0.0.1:7002"
dump_after = "200ms"
dead_after = "4s"
"""

DESK = """
import asyncio
import time
from pathlib import Path

from kitfox.core import Service, rpc
from kitfox.health import Check

class Desk(Service, name="test.Desk"):
    @rpc
    async def block(self) -> str:
        while not Path("go-on").exists():
            time.sleep(0.01)
        return "went on"

    @rpc
    async def wait(self) -> str:
        while not Path("go-on").exists():
            await asyncio.sleep(0.01)
        return "waited"

    def health_checks(self):
        return [Check("drawer", self.drawer)]

    async def drawer(self):
        if Path("stuck").exists():
            raise OSError("the drawer is stuck")
"""


@pytest.fixture
def desk(system):
    made = system(CONFIG)
    (made.folder / "desk.py").write_text(DESK)
    return made


@pytest.fixture
async def running(desk):
    command = await desk.kitfox("run", "--config", "kitfox.toml", "--service", "desk")
    command.address = (await command.says(r"kitfox\.run: ready at (\S+)"))[1]
    command.probes = "http://" + (await command.says(r"kitfox\.health: probes at (\S+)"))[1]
    return command


async def status(desk, url):
    return (await desk.get(url)).status


def go_on(desk):
    (desk.folder / ".kitfox" / "go-on").touch()


async def test_a_blocked_process_tells_who_blocks_it_and_lives_until_it_is_dead(
    desk, running, until
):
    blocked = asyncio.create_task(desk.call(f"{running.address}/test.Desk/Block"))
    await running.says(r"the event loop has been blocked for .* by Task-\S+ \S+, at")
    assert (await desk.get(f"{running.probes}/livez")).text == "ok\n"
    await running.says(r'desk\.py", line \d+, in block')
    assert await status(desk, f"{running.probes}/startupz") == 200
    page = await desk.get(f"{running.probes}/debug/stacks")
    assert "in block" in page.text
    page = await desk.get(f"{running.probes}/readyz")
    assert (page.status, "the event loop does not answer" in page.text) == (503, True)

    async def is_dead():
        return await status(desk, f"{running.probes}/livez") == 503

    await until(is_dead)
    go_on(desk)
    assert (await blocked).status == 200
    await running.says(r"the event loop runs again; it was blocked for \d")
    await until(lambda: lives(desk, running))
    assert await status(desk, f"{running.probes}/readyz") == 200


async def lives(desk, running):
    return await status(desk, f"{running.probes}/livez") == 200


async def test_a_process_that_was_stopped_is_not_dead_when_it_goes_on(desk, until):
    times = [f"--set=service.desk.health.{name}=1s" for name in ("dump_after", "dead_after")]
    command = await desk.run("desk", *times)
    address = (await command.says(r"kitfox\.health: probes at (\S+)"))[1]
    begun = time.monotonic()
    command.send(signal.SIGSTOP)
    await until(lambda: is_stopped(command.pid) and time.monotonic() > begun + 2.5)
    command.send(signal.SIGCONT)
    assert await status(desk, f"http://{address}/livez") == 200
    assert "has been blocked" not in command.output


def is_stopped(pid):
    stat = Path(f"/proc/{pid}/stat").read_text()
    return stat.rpartition(")")[2].split()[0] == "T"


async def test_a_check_that_fails_is_told_to_both_ports_and_its_name_to_one(desk, running, until):
    (desk.folder / ".kitfox" / "stuck").touch()

    async def refused():
        page = await desk.get(f"{running.probes}/readyz?verbose")
        return page.status == 503 and page.text

    text = await until(refused)
    assert "[-] drawer" in text
    assert "OSError: the drawer is stuck" in text
    page = await desk.get(f"{running.address}/readyz")
    assert (page.status, page.text) == (503, "not ready\n")
    await running.says("not ready: drawer: OSError: the drawer is stuck")


async def test_a_process_that_stops_is_not_ready_while_it_lives(desk, running, until):
    waiting = asyncio.create_task(desk.call(f"{running.address}/test.Desk/Wait"))

    async def waits():
        return "desk.py" in (await desk.get(f"{running.probes}/debug/tasks")).text

    await until(waits)
    running.send(signal.SIGTERM)

    async def leaves():
        return "it is stopping" in (await desk.get(f"{running.probes}/readyz")).text

    await until(leaves)
    for path in ("livez", "startupz"):
        assert await status(desk, f"{running.probes}/{path}") == 200
    go_on(desk)
    assert (await waiting).status == 200
    assert await running.ended() == 0


async def test_probes_are_where_the_command_line_says_and_in_one_process_for_all(desk):
    command = await desk.kitfox(
        "run", "--config", "kitfox.toml", "--service", "desk", "--probes", "127.0.0.1:0"
    )
    address = (await command.says(r"kitfox\.health: probes at (\S+)"))[1]
    await command.says(r"kitfox\.run: ready at")
    assert await status(desk, f"http://{address}/readyz") == 200
    command.send(signal.SIGTERM)
    assert await command.ended() == 0
    command = await desk.kitfox("run", "--config", "kitfox.toml", "--all")
    address = (await command.says(r"kitfox\.health: probes at (\S+)"))[1]
    await command.says(r"kitfox\.run: ready at")
    page = await desk.get(f"http://{address}/debug/stacks")
    assert page.text.count("thread kitfox-watchdog ") == 1


async def test_the_probes_of_a_service_are_taken_over_by_the_process_that_replaces_it(desk, until):
    up = await desk.up()
    probes = "http://" + (await up.says(r"kitfox\.health: probes at (\S+)"))[1]
    before = desk.rows()["desk"]["pid"]
    restart = await desk.kitfox("restart", "desk")
    await up.says("another process has .*: the probes wait for it")
    assert await restart.ended() == 0

    async def answered():
        try:
            return await status(desk, f"{probes}/readyz") == 200
        except HTTPError:  # between the two
            return False

    await until(answered)
    assert len(re.findall("probes at", up.output)) == 2
    assert desk.rows()["desk"]["pid"] != before
