"""A service as others start it: systemd, which the test plays, or a platform that says PORT."""

import asyncio
import json
import os
import signal
import socket
import sys
from contextlib import asynccontextmanager

import pytest

from kitfox.net import HTTPClient, NotifySocket
from kitfox.scope import fail_after

PATIENCE = 45.0
DESK = """
import time
from pathlib import Path

from kitfox import Service, rpc

class Desk(Service, name="test.Desk"):
    @rpc
    async def look(self) -> int:
        return 1

    @rpc
    async def block(self) -> None:
        Path("begun").touch()
        time.sleep(600)
"""
# What systemd does between fork and exec: descriptors from 3 on, and the process's own pid.
ADOPTED = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ.update(LISTEN_PID=str(os.getpid()), WATCHDOG_PID=str(os.getpid()))
os.execv(sys.executable, [sys.executable, "-m", "kitfox", *sys.argv[2:]])
"""


@pytest.fixture
def ear(tmp_path):
    with NotifySocket(tmp_path) as ear:
        yield ear


class Unit:
    """A service that somebody has started."""

    def __init__(self, process, ear, log):
        self._ear = ear
        self._log = log
        self.process = process

    @property
    def output(self):
        return self._log.read_text()

    async def says(self, *names, beats=False):
        """Wait for a notification with these fields; heartbeats are passed over."""
        async with fail_after(PATIENCE):
            while True:
                fields = (await anext(self._ear)).fields
                if ("WATCHDOG" in fields) == beats and set(names) <= fields.keys():
                    return fields

    async def ended(self):
        async with fail_after(PATIENCE):
            return await self.process.wait()


@pytest.fixture
def unit(tmp_path, ear):
    """Start `kitfox run` as a unit: its config, the socket it is handed, and its environment."""

    @asynccontextmanager
    async def started(config, listening=None, command=("run", "--service=desk"), **environ):
        (tmp_path / "desk.py").write_text(DESK)
        (tmp_path / "kitfox.toml").write_text(config)
        words = [*command, f"--config={tmp_path}/kitfox.toml"]
        command, fds = [sys.executable, "-m", "kitfox", *words], ()
        if listening is not None:
            fds = (listening.fileno(),)
            command = [sys.executable, "-c", ADOPTED, str(listening.fileno()), *words]
            environ = {"LISTEN_FDS": "1", **environ}
        with (tmp_path / "log").open("wb") as log:
            process = await asyncio.create_subprocess_exec(
                *command,
                env={**os.environ, "NOTIFY_SOCKET": ear.address, **environ},
                pass_fds=fds,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        try:
            yield Unit(process, ear, tmp_path / "log")
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()

    return started


AT_PORT_1 = """
[service.desk]
run = "desk:Desk"
listen = "http://127.0.0.1:1"
"""


@pytest.fixture
def listening():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


def url_of(listening):
    host, port = listening.getsockname()
    return f"http://{host}:{port}"


async def test_a_service_lives_its_life_under_systemd(unit, listening, tmp_path):
    named = {"LISTEN_FDNAMES": "desk.http", "WATCHDOG_USEC": "100000"}
    async with unit(AT_PORT_1, listening, **named) as desk:
        ready = await desk.says("READY")
        assert ready["X_ADDRESS"] == url_of(listening)
        async with HTTPClient() as http, fail_after(PATIENCE):
            reply = await http.request("POST", f"{url_of(listening)}/test.Desk/Look")
            assert (reply.status, reply.body) == (200, b'{"value":1}')
        assert await desk.says("WATCHDOG", beats=True)

        desk.process.send_signal(signal.SIGHUP)
        assert int((await desk.says("RELOADING"))["MONOTONIC_USEC"]) > 0
        assert await desk.says("READY") == {"READY": "1"}

        desk.process.send_signal(signal.SIGTERM)
        assert "STATUS" in await desk.says("STOPPING")
        assert await desk.ended() == 0
    assert "Traceback" not in desk.output


async def test_a_socket_without_a_name_is_taken_for_its_address(unit, listening):
    config = AT_PORT_1.replace(":1", f":{listening.getsockname()[1]}")
    async with unit(config, listening) as desk:
        assert (await desk.says("READY"))["X_ADDRESS"] == url_of(listening)
        desk.process.terminate()
        assert await desk.ended() == 0


async def test_a_system_lives_its_life_under_systemd(unit):
    config = AT_PORT_1.replace(":1", ":0") + "replicas = 2\n"
    async with unit(config, command=("up",), WATCHDOG_USEC="100000") as system:
        assert await system.says("STATUS") == {"STATUS": "0 of 2 ready"}
        assert await system.says("STATUS") == {"STATUS": "1 of 2 ready"}
        assert await system.says("READY") == {"READY": "1"}
        assert await system.says("WATCHDOG", beats=True)

        system.process.send_signal(signal.SIGHUP)
        assert int((await system.says("RELOADING"))["MONOTONIC_USEC"]) > 0
        assert await system.says("READY") == {"READY": "1"}

        system.process.send_signal(signal.SIGTERM)
        assert "STATUS" in await system.says("STOPPING")
        assert await system.ended() == 0
    assert "Traceback" not in system.output


async def test_a_loop_that_is_blocked_is_noticed_and_shows_where_it_was(unit, listening, tmp_path):
    watched = {"LISTEN_FDNAMES": "desk.http", "WATCHDOG_USEC": "1000000"}
    async with unit(AT_PORT_1, listening, **watched) as desk, HTTPClient() as http:
        await desk.says("READY")
        asking = http.request("POST", f"{url_of(listening)}/test.Desk/Block")
        call = asyncio.create_task(asking)
        async with fail_after(PATIENCE):
            while not list(tmp_path.rglob("begun")):
                await asyncio.sleep(0.01)
        with pytest.raises(TimeoutError):
            while True:
                async with fail_after(1.0):
                    await desk.says("WATCHDOG", beats=True)
        desk.process.send_signal(signal.SIGABRT)  # as systemd does, when WatchdogSec is over
        assert await desk.ended() == -signal.SIGABRT
        await asyncio.wait([call])
        assert call.exception() is not None
    assert "Fatal Python error: Aborted" in desk.output
    assert "in block" in desk.output


async def test_a_socket_that_others_reach_is_not_taken_where_the_file_says_they_do_not(unit):
    with socket.create_server(("0.0.0.0", 0)) as everywhere:
        async with unit(AT_PORT_1, everywhere, LISTEN_FDNAMES="desk.http") as desk:
            assert await desk.ended() == 2
    assert "127.0.0.1:1 is for this machine, but the socket that was handed over" in desk.output


# ------------------------------------------------------------------------------------------ PORT

NOWHERE = """
[service.desk]
run = "desk:Desk"
"""


@pytest.fixture
def port():
    """A port that is free: bound without listening, which keeps others off and lets us in."""
    with socket.socket() as kept:
        kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        kept.bind(("0.0.0.0", 0))
        yield str(kept.getsockname()[1])


async def test_a_service_without_a_place_listens_at_port_and_asks_for_the_token(unit, port):
    async with unit(NOWHERE, PORT=port, KITFOX_SYSTEM__TOKEN="s3cret") as desk:
        assert (await desk.says("READY"))["X_ADDRESS"] == f"http://0.0.0.0:{port}"
        async with HTTPClient() as http, fail_after(PATIENCE):
            url = f"http://127.0.0.1:{port}"
            assert (await http.request("GET", f"{url}/readyz")).status == 200
            assert (await http.request("POST", f"{url}/test.Desk/Look")).status == 401
            token = [(b"authorization", b"Bearer s3cret")]
            reply = await http.request("POST", f"{url}/test.Desk/Look", headers=token)
            assert json.loads(reply.body) == {"value": 1}
        desk.process.send_signal(signal.SIGHUP)
        await desk.says("RELOADING")
        desk.process.terminate()
        assert await desk.ended() == 0
    assert "takes effect at the next start" not in desk.output


async def test_port_opens_no_door_that_nobody_watches(unit, port):
    async with unit(NOWHERE, PORT=port) as desk:
        assert await desk.ended() == 2
    assert f"other machines can reach http://0.0.0.0:{port}; give the system a token" in desk.output


async def test_a_service_that_says_where_it_listens_does_not_care_for_port(unit, listening):
    config = AT_PORT_1.replace(":1", f":{listening.getsockname()[1]}")
    async with unit(config, listening, PORT="1") as desk:
        assert (await desk.says("READY"))["X_ADDRESS"] == url_of(listening)
        desk.process.terminate()
        assert await desk.ended() == 0


async def test_a_port_that_is_none_is_refused_in_words(unit):
    async with unit(NOWHERE, PORT="tcp://10.0.0.1:80") as desk:
        assert await desk.ended() == 2
    assert "PORT: expected a number from 1 to 65535, got 'tcp://10.0.0.1:80'" in desk.output


async def test_all_processes_of_what_is_served_listen_at_port(system, port, monkeypatch):
    monkeypatch.setenv("PORT", port)
    monkeypatch.setenv("KITFOX_SYSTEM__TOKEN", "s3cret")
    made = system("")
    (made.folder / "desk.py").write_text(DESK)
    serving = await made.kitfox("serve", "desk:Desk", "--replicas", "2")
    for name in ("desk/1", "desk/2"):
        await serving.says(rf"{name} ready: http://0\.0\.0\.0:{port}$")
