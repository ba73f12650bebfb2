"""Services that are replaced under load."""

import pytest

from restart_load import DESK, Load

CONFIG = """
[policy]
deadline = "10s"

[service.desk]
run = "desk:Desk"
listen = ["http://127.0.0.1:0", "ws://127.0.0.1:0", "rpc://127.0.0.1:0"]
"""

RESTARTS = 20


@pytest.fixture
def desk(system):
    made = system(CONFIG)
    (made.folder / "desk.py").write_text(DESK)
    return made


async def test_twenty_restarts_under_load_lose_nothing(desk, supervisor):
    await desk.up()
    web, rpc = desk.rows()["desk"]["addresses"]
    addresses = {"http": web, "ws": web.replace("http", "ws"), "rpc": rpc}
    lives = [desk.rows()["desk"]["pid"]]
    async with supervisor(desk) as supervision, Load(addresses).running() as load:
        for _ in range(RESTARTS):
            [last] = [step async for step in supervision.restart(["desk"])][-1:]
            lives.append(last.row.pid)
    assert "\n".join(load.faults) == ""
    assert len(set(lives)) == RESTARTS + 1
    assert load.pids <= set(lives)
    assert min(load.done.values()) > 0, load.done
