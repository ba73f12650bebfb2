"""`kitfox run`: one service as a process of its own."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from kitfox.app import load
from kitfox.cli._exit import Exit
from kitfox.net import HTTPClient, NotifySocket
from kitfox.process._foreground import process_of
from kitfox.scope import fail_after

HELLO = """
import asyncio, os
from pathlib import Path
import msgspec
from kitfox.core import Service, rpc

class Settings(msgspec.Struct):
    greeting: str = "hello"
    times: int = 1

class Hello(Service, name="test.v1.Hello"):
    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @rpc
    async def greet(self, name: str) -> str:
        return " ".join([self._settings.greeting] * self._settings.times + [name])

    @rpc
    async def folder(self) -> str:
        return str(Path.cwd())

    @rpc
    async def slow(self) -> str:
        await asyncio.sleep(0.2)
        return "done"

class Needy(Service, name="test.v1.Needy"):
    def __init__(self, hello: Hello) -> None: ...
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "hello.py").write_text(HELLO)
    (tmp_path / "kitfox.toml").write_text(
        '[service.hello]\nrun = "hello:Hello"\nsettings = { greeting = "ciao" }\n'
        '[service.needy]\nrun = "hello:Needy"\n'
    )
    return tmp_path


@asynccontextmanager
async def kitfox_run(
    folder: Path, *words: str, environ: Mapping[str, str] = {}
) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "kitfox", "run", *words),
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder), **environ},
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with fail_after(20):
            yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def address_of(process: asyncio.subprocess.Process) -> str:
    """Return the address that the process tells on stderr."""
    assert process.stderr
    while line := (await process.stderr.readline()).decode():
        if "ready at " in line:
            return line.partition("ready at ")[2].split()[0]
    raise AssertionError("it ended before it was ready")


async def call(address: str, method: str, body: bytes = b"{}") -> bytes:
    headers = [(b"content-type", b"application/json")]
    async with HTTPClient() as client:
        reply = await client.request(
            "POST", f"{address}/test.v1.Hello/{method}", headers=headers, body=body
        )
        return reply.body


async def test_a_target_runs_without_a_file_with_settings_of_the_command_line(folder: Path):
    words = ("hello:Hello", "--set", "settings.greeting=salve", "--set", "settings.times=2")
    async with kitfox_run(folder, *words) as process:
        address = await address_of(process)
        assert await call(address, "Greet", b'{"name": "Ada"}') == b'{"value":"salve salve Ada"}'
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == Exit.OK


async def test_a_service_of_a_file_has_its_settings_and_works_in_the_state_folder(folder: Path):
    async with kitfox_run(folder, "--service", "hello") as process:
        address = await address_of(process)
        assert await call(address, "Greet", b'{"name": "Ada"}') == b'{"value":"ciao Ada"}'
        assert str(folder / ".kitfox").encode() in await call(address, "Folder")


async def test_it_tells_its_supervisor_when_it_is_ready_and_when_it_stops(folder: Path, tmp_path):
    with NotifySocket(tmp_path) as ear:
        environ = {"NOTIFY_SOCKET": ear.address}
        async with kitfox_run(folder, "hello:Hello", environ=environ) as process:
            news = await anext(ear)
            assert news.pid == process.pid
            assert news.fields["READY"] == "1"
            assert news.fields["X_ADDRESS"].split()[0] == await address_of(process)
            process.send_signal(signal.SIGINT)
            assert (await anext(ear)).fields == {"STOPPING": "1", "STATUS": "finishing what runs"}


async def test_a_call_that_runs_is_finished_before_it_stops(folder: Path):
    async with kitfox_run(folder, "hello:Hello") as process:
        address = await address_of(process)
        running = asyncio.create_task(call(address, "Slow"))
        await call(address, "Folder")
        process.send_signal(signal.SIGTERM)
        assert await running == b'{"value":"done"}'
        assert await process.wait() == Exit.OK


WRONG = {
    ("no_such:A",): (Exit.USAGE, "service.no_such: 'no_such:A': there is no module 'no_such'"),
    ("hello:Needy",): (Exit.USAGE, "service.hello: it needs test.v1.Hello; say where"),
    ("hello:Hello", "--set=settings.times=x"): (
        Exit.USAGE,
        "service.hello: settings.times: expected a whole number, got text",
    ),
    ("hello:Hello", "--listen=ftp://127.0.0.1:0"): (Exit.USAGE, "no wire is called"),
}


@pytest.mark.parametrize("words", WRONG, ids=map(str, WRONG))
async def test_parts_that_do_not_fit_are_named_and_not_tried_again(folder: Path, words):
    async with kitfox_run(folder, *words) as process:
        _, said = await process.communicate()
        code, message = WRONG[words]
        assert message in said.decode()
        assert "Traceback" not in said.decode()
        assert process.returncode == code


async def test_a_port_that_is_taken_is_a_failure_that_may_pass(folder: Path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        words = ("hello:Hello", "--listen", f"http://127.0.0.1:{port}")
        async with kitfox_run(folder, *words) as process:
            _, said = await process.communicate()
    assert str(port) in said.decode()
    assert "Traceback" not in said.decode()
    assert process.returncode == Exit.FAILED


async def test_a_broken_module_shows_where_it_broke(folder: Path):
    (folder / "broken.py").write_text("1 / 0\n")
    async with kitfox_run(folder, "broken:A") as process:
        _, said = await process.communicate()
    assert 'broken.py", line 1' in said.decode()
    assert process.returncode == Exit.FAILED


async def test_only_the_service_speaks_and_not_the_server_it_runs_on(folder: Path):
    async with kitfox_run(folder, "hello:Hello") as process:
        address = await address_of(process)
        with socket.create_connection(address.removeprefix("http://").split(":")) as idle:
            idle.send(b"GET /livez HT")
            process.send_signal(signal.SIGTERM)
            _, said = await process.communicate()
    assert [line.partition("kitfox.run: ")[2] for line in said.decode().splitlines()] == [
        "stopping"
    ]


def test_a_process_whose_supervisor_died_has_as_long_as_it_may_take_to_stop():
    text = "".join(f'[service.{name}]\nrun = "x:X"\nnotice = "9s"\n' for name in ("a", "b"))
    config = load(text, {}, {}, Path("kitfox.toml"))
    assert process_of(config, "a").grace == 51.0
    assert process_of(config, "").grace == 102.0
