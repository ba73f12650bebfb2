"""The school for a browser to visit: in this process, or as its four real ones."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
from pathlib import Path

import pytest

from kitfox.scope import fail_after
from kitfox.transports.http import HTTP
from school.grading import GradingSettings, SQLGrading
from school.portal import Portal, PortalSettings

CONFIG = Path(__file__).parents[3] / "examples" / "school" / "kitfox.toml"


@pytest.fixture
async def portal(tmp_path):
    """The address of a portal over the five sample students."""
    async with (
        SQLGrading(GradingSettings(str(tmp_path / "grading.db"))) as grading,
        HTTP("127.0.0.1:0", fallback=Portal(grading, PortalSettings()).asgi()).listen({}) as url,
    ):
        yield url


class School:
    """A running `kitfox up`, and where its processes are."""

    def __init__(self, process, state):
        self._process = process
        self._state = state
        self.portal = ""

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


@pytest.fixture
async def school(tmp_path):
    """The four processes of examples/school, on other ports and with a state of their own."""
    registry = f"http://127.0.0.1:{free_port()}"
    settings = {
        "system.registry": registry,
        "system.state": str(tmp_path / "state"),
        "service.registry.listen": registry,
        "service.portal.listen": "http://127.0.0.1:0",
    }
    overrides = [part for pair in settings.items() for part in ("--set", "=".join(pair))]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "kitfox", "up", "--config", str(CONFIG), *overrides),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, "NO_COLOR": "1"},
    )
    school = School(process, tmp_path / "state")
    try:
        async with fail_after(60):
            await school.ready()
        yield school
    finally:
        async with fail_after(60):
            await school.stop()


def free_port():
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
