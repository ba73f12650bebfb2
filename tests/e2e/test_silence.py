"""Processes whose event loop no longer turns, and what their supervisor hears of them."""

import asyncio
import os
import signal
from contextlib import suppress

import pytest

from kitfox.net import HTTPError

CONFIG = """
[service.desk]
run = "desk:Desk"
listen = "http://127.0.0.1:0"
health = { dump_after = "1s", dead_after = "1s" }
"""
DESK = """
import time

from kitfox import Service, rpc

class Desk(Service, name="test.Desk"):
    @rpc
    async def block(self) -> None:
        time.sleep(600)
"""


@pytest.fixture
async def desk(system):
    made = system(CONFIG)
    (made.folder / "desk.py").write_text(DESK)
    made.command = await made.up()
    return made


@pytest.fixture
async def upgraded(desk):
    """The same, kept by a program that has not started it."""
    before, written = desk.rows()["desk"]["pid"], desk.command.written
    desk.command.send(signal.SIGUSR2)
    await desk.command.says("desk ready", since=written)
    assert desk.rows()["desk"]["pid"] == before
    return desk


async def blocked(desk) -> None:
    with suppress(HTTPError):
        await desk.call(f"{desk.address('desk')}/test.Desk/Block")


async def test_a_process_whose_loop_is_blocked_is_replaced_and_says_where_it_was(desk, until):
    calling = asyncio.create_task(blocked(desk))
    await until(lambda: desk.is_back("desk"))
    await calling
    await desk.command.says("desk backing off: its event loop was blocked for 3 s; again in")
    assert "Fatal Python error: Aborted" in desk.command.output


async def test_an_adopted_process_whose_loop_is_blocked_is_replaced_too(upgraded, until):
    calling = asyncio.create_task(blocked(upgraded))
    await until(lambda: upgraded.is_back("desk"))
    await calling


async def test_an_adopted_process_is_heard(upgraded, until):
    pid = upgraded.rows()["desk"]["pid"]
    os.kill(pid, signal.SIGTERM)
    await until(lambda: upgraded.rows()["desk"]["status"] == "finishing what runs")
    assert upgraded.rows()["desk"]["pid"] == pid
    await until(lambda: upgraded.is_back("desk"))
