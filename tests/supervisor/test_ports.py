"""A system does not start among the ports of another one."""

import asyncio
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from kitfox.app import Config, ServiceConfig, System
from kitfox.scope import fail_after
from kitfox.supervisor import Patience, PortTakenError, Supervisor
from kitfox.supervisor._held_sockets import HeldSockets


@pytest.fixture
def taken() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def listening_at(folder: Path, *ports: int) -> Config:
    urls = tuple(f"http://127.0.0.1:{port}" for port in ports)
    services = {"shop": ServiceConfig(run="x:X", listen=urls)}
    return Config(folder / "kitfox.toml", System(state=folder), services)


def test_a_port_that_is_taken_is_named_with_who_wants_it(tmp_path: Path, taken: socket.socket):
    port = taken.getsockname()[1]
    services = listening_at(tmp_path, 0, port).services
    held = HeldSockets()
    with pytest.raises(PortTakenError) as refused:
        held.open(services)
    assert refused.value.strerror == (
        f"service.shop: port {port} is taken; another process listens at 127.0.0.1:{port}; "
        "if that is another system, stop it, or change service.shop.listen"
    )
    taken.close()
    assert len(held.open(services)) == 2
    held.close_all()


def supervisor(config: Config, patience: float) -> tuple[Supervisor, list[str]]:
    started: list[str] = []

    def command(_: Config, name: str) -> list[str]:
        started.append(name)
        return ["false"]

    return Supervisor(
        config,
        command,
        environ=os.environ,
        changed=lambda _: None,
        wrote=lambda *_: None,
        patience=Patience(ports=patience),
    ), started


async def test_nothing_is_started_where_a_port_stays_taken(tmp_path: Path, taken: socket.socket):
    made, started = supervisor(listening_at(tmp_path, taken.getsockname()[1]), 0.0)
    async with fail_after(10):
        with pytest.raises(PortTakenError):
            await made.run()
    assert started == []


async def test_a_port_that_is_let_go_is_waited_for(tmp_path: Path, taken: socket.socket):
    made, started = supervisor(listening_at(tmp_path, taken.getsockname()[1]), 3600.0)
    async with fail_after(10):
        running = asyncio.create_task(made.run())
        await asyncio.sleep(0)
        assert started == []
        taken.close()
        while not started:
            await asyncio.sleep(0.01)
        made.stop()
        await running


async def test_who_waits_for_a_port_can_be_stopped(tmp_path: Path, taken: socket.socket):
    made, started = supervisor(listening_at(tmp_path, taken.getsockname()[1]), 3600.0)
    async with fail_after(10):
        running = asyncio.create_task(made.run())
        await asyncio.sleep(0)
        made.stop()
        await running
    assert started == []
