"""One service on every wire at once, by configuration alone."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from kitfox.app import WiringError, connect, load
from kitfox.core import Service, rpc
from kitfox.net import HTTPClient
from kitfox.process._running import running
from kitfox.scope import fail_after
from nats_server import NATSServer

PLAYER = """
from kitfox.core import Service, rpc

class Player(Service, name="wires.v1.Player"):
    @rpc
    async def play(self, tune: str) -> str:
        return tune.upper()
"""


class Player(Service, name="wires.v1.Player"):
    @rpc
    async def play(self, tune: str) -> str:
        raise NotImplementedError


@pytest.fixture(autouse=True)
def player(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "player_on_wires.py").write_text(PLAYER)
    monkeypatch.syspath_prepend(tmp_path)


def config(folder: Path, *listen: str):
    text = f"""
    [service.player]
    run = "player_on_wires:Player"
    notice = "0s"
    listen = {list(listen)}
    """
    return load(text, {}, {}, folder / "kitfox.toml")


async def test_a_service_is_served_on_all_wires_at_once(tmp_path: Path):
    server = NATSServer()
    server.start()
    try:
        at_hand = config(
            tmp_path,
            "http://127.0.0.1:0",
            "ws://127.0.0.1:0",
            "rpc://127.0.0.1:0",
            f"rpc+unix://{tmp_path}/player.sock",
            "grpc://127.0.0.1:0",
            server.url,
        )
        async with fail_after(30), running(at_hand, "player") as addresses:
            web, *_ = addresses
            schemes = [url.partition(":")[0] for url in addresses]
            assert schemes == ["http", "rpc", "rpc+unix", "grpc", "nats"]
            for url in [*addresses, web.replace("http", "ws")]:
                async with connect(url) as connection:
                    assert await Player.client(connection).play("reel") == "REEL"
    finally:
        server.kill()


async def test_who_listens_at_nats_is_ready_while_nats_is_there(tmp_path: Path):
    server = NATSServer()
    server.start()
    at_hand = config(tmp_path, "http://127.0.0.1:0", server.url)
    try:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(fail_after(30))
            web, _ = await stack.enter_async_context(running(at_hand, "player"))
            client = await stack.enter_async_context(HTTPClient())

            async def becomes(status: int) -> None:
                while (await client.request("GET", f"{web}/readyz")).status != status:
                    await asyncio.sleep(0.01)

            await becomes(200)
            server.kill()
            await becomes(503)
            server.start()
            await becomes(200)
    finally:
        server.kill()


async def test_a_wire_that_nobody_speaks_is_refused(tmp_path: Path):
    with pytest.raises(WiringError, match="no wire is called 'ftp'; expected http, https, rpc"):
        async with running(config(tmp_path, "ftp://127.0.0.1:0"), "player"):
            pass
