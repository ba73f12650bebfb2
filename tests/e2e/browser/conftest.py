"""The school for a browser to visit: in this process, or as its four real ones."""

import asyncio
import json
import os
import signal
import socket
import sys
import tomllib
from contextlib import asynccontextmanager, closing
from functools import partial
from pathlib import Path

import pytest
import pytest_asyncio

from kitfox.scope import fail_after
from kitfox.transports.http import HTTP
from school.grading import GradingSettings, SQLGrading
from school.portal import Portal, PortalSettings

EXAMPLE = Path(__file__).parents[3] / "examples" / "school"

# A file's tests share a loop with their browser.
fixture = partial(pytest_asyncio.fixture, loop_scope="module")


@fixture
async def portal(tmp_path):
    """The address of a portal over the five sample students."""
    async with SQLGrading(GradingSettings(str(tmp_path / "grading.db"))) as grading:
        site = Portal(grading, PortalSettings(patience=30)).asgi()
        async with HTTP("127.0.0.1:0", fallback=site).listen({}) as url:
            yield url


class School:
    """A running `kitfox up`, and where its processes are."""

    def __init__(self, process, state):
        self._process = process
        self._state = state
        self.portal = self.registry = ""

    async def ready(self):
        """Read what it prints up to the portal's address."""
        async for line in self._process.stdout:
            if line.startswith(b"Open "):
                self.portal = line.split()[1].decode()
                return
        pytest.fail("kitfox up ended before the school was ready")

    def pid(self, name):
        table = json.loads((self._state / "processes.json").read_text())["processes"]
        return next(row["pid"] for row in table if row["name"] == name)

    def send(self, name, number):
        os.kill(self.pid(name), number)

    async def stop(self):
        self._process.send_signal(signal.SIGINT)
        await self._process.communicate()


@asynccontextmanager
async def running(config, state, settings):
    """Run `kitfox up` with other settings than the file's, until the portal is open."""
    # Time enough for a busy machine, and none at the end: nobody calls then.
    more = {"system.state": str(state), "service.portal.settings.patience": "5"}
    services = tomllib.loads(config.read_text())["service"]
    more |= {f"service.{name}.notice": "0s" for name in services}
    overrides = [part for pair in (more | settings).items() for part in ("--set", "=".join(pair))]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "kitfox", "up", "--config", str(config), *overrides),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, "NO_COLOR": "1", "PYTHONPATH": str(EXAMPLE)},
    )
    school = School(process, state)
    try:
        async with fail_after(60):
            await school.ready()
        yield school
    finally:
        async with fail_after(60):
            await school.stop()


@fixture
async def school(tmp_path):
    """The four processes of examples/school."""
    registry = f"http://127.0.0.1:{free_port()}"
    settings = {
        "system.registry": registry,
        "service.registry.listen": registry,
        "service.portal.listen": "http://127.0.0.1:0",
    }
    async with running(EXAMPLE / "kitfox.toml", tmp_path / "state", settings) as school:
        yield school


@fixture
async def original_school(tmp_path):
    """The four processes of the original system, on other ports."""
    registry = f"http://127.0.0.1:{free_port()}"
    settings = {
        "system.registry": f"original+{registry}",
        "service.registry.listen": registry,
        **{
            f"service.{name}.listen": "http://127.0.0.1:0" for name in ("logs", "grading", "portal")
        },
    }
    async with running(EXAMPLE / "original.toml", tmp_path / "state", settings) as school:
        school.registry = registry
        yield school


@fixture
async def school_without_grading(tmp_path):
    """A registry and a portal of the original system; somebody else has to bring the grades."""
    registry = f"http://127.0.0.1:{free_port()}"
    config = tmp_path / "kitfox.toml"
    config.write_text(f"""
        [system]
        registry = "original+{registry}"
        logs = false
        names = {{ "school.Grading" = "GradingService", "school.Portal" = "TeacherPortal" }}
        [service.registry]
        run = "kitfox.services.registry:build"
        listen = "{registry}"
        [service.portal]
        run = "school.original:portal"
        open = true
        settings = {{ editing = false }}
    """)
    async with running(config, tmp_path / "state", {}) as school:
        school.registry = registry
        yield school


def free_port():
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
