"""Services that are replaced while they are used, and replicas of one."""

import asyncio
import os
import signal
from collections import Counter
from contextlib import AsyncExitStack

import pytest

from kitfox.app import connect
from kitfox.core import FailedPrecondition, RPCError
from kitfox.scope import fail_after
from restart_load import DESK, Desk, HTTPCaller, Load, who_afresh

CONFIG = """
[policy]
deadline = "10s"

[service.desk]
run = "desk:Desk"
listen = ["http://127.0.0.1:0", "ws://127.0.0.1:0", "rpc://127.0.0.1:0"]
"""

RESTARTS = 20

# It never becomes ready, and ends as soon as it is told to.
HANGS = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_DFL); time.sleep(600)"


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


def pids(system) -> dict[str, int]:
    return {name: row["pid"] for name, row in system.rows().items()}


async def test_a_service_whose_new_code_is_broken_goes_on_and_the_command_says_why(desk):
    await desk.up()
    before = pids(desk)
    (desk.folder / "desk.py").write_text("raise SystemExit('no luck')")
    restart = await desk.kitfox("restart", "desk")
    assert await restart.ended() == 1
    assert "desk | no luck" in restart.output
    assert f"desk ready: pid {before['desk']} (not restarted: exit 1)" in restart.output
    assert "desk was not restarted: exit 1" in restart.output
    assert pids(desk) == before


async def test_a_hang_up_replaces_what_has_changed_and_nothing_else(system, until):
    made = system(CONFIG + CONFIG.partition("\n\n")[2].replace("desk", "other"))
    for name in ("desk", "other"):
        (made.folder / f"{name}.py").write_text(DESK)
    up = await made.up()
    before = pids(made)
    (made.folder / "desk.py").write_text(DESK + "\n# changed\n")
    up.send(signal.SIGHUP)
    await until(lambda: pids(made)["desk"] != before["desk"])
    assert pids(made)["other"] == before["other"]


async def test_a_file_that_changes_is_noticed_by_who_watches(system, until):
    made = system(CONFIG)
    (made.folder / "desk.py").write_text(DESK)
    await made.up("--watch")
    before = pids(made)
    (made.folder / "desk.py").write_text(DESK + "\n# changed\n")
    await until(lambda: pids(made)["desk"] != before["desk"])


@pytest.fixture
async def restarting(desk, until):
    """`kitfox up` and `kitfox restart`, in the middle of a restart that comes to no end."""
    up = await desk.up()
    (desk.folder / "desk.py").write_text(HANGS)
    restart = await desk.kitfox("restart", "desk")
    await until(lambda: desk.rows()["desk"]["heir"])
    return up, restart


async def test_to_stop_in_the_middle_of_a_restart_ends_both_lives(desk, restarting):
    up, restart = restarting
    up.send(signal.SIGTERM)
    assert await up.ended() == 0
    assert await restart.ended() != 0
    assert desk.processes() == []


async def test_who_crashes_is_back_at_the_same_addresses_and_its_callers_waited(desk):
    await desk.up()
    (web, _), [pid] = desk.rows()["desk"]["addresses"], pids(desk).values()
    os.kill(pid, signal.SIGKILL)
    async with fail_after(30):
        assert await who_afresh(web) != pid
        while desk.rows()["desk"]["state"] != "ready":
            await asyncio.sleep(0.01)
    assert desk.rows()["desk"]["addresses"][0] == web


@pytest.fixture
async def two(system):
    """Two replicas of the desk."""
    made = system(CONFIG + "replicas = 2\n")
    (made.folder / "desk.py").write_text(DESK)
    made.command = await made.up()
    return made


async def test_replicas_share_callers_who_stay(two):
    assert list(two.rows()) == ["desk/1", "desk/2"]
    web, rpc = two.rows()["desk/1"]["addresses"]
    async with AsyncExitStack() as stack:
        over_http = await asyncio.gather(*(who_stays(stack, web) for _ in range(60)))
        over_http += [await who_stays(stack, web) for _ in range(60)]
        over_rpc = [await over_a_connection(stack, rpc) for _ in range(40)]
    for callers in (over_http, over_rpc):
        shares = Counter(callers)
        assert shares.keys() == set(pids(two).values())
        assert min(shares.values()) >= 0.7 * len(callers) / 2, shares


async def who_stays(stack: AsyncExitStack, web: str) -> object:
    """Ask who answers on a connection that stays open."""
    caller = HTTPCaller(web)
    stack.callback(caller.close)
    return await caller.post("Who")


async def over_a_connection(stack: AsyncExitStack, rpc: str) -> object:
    connection = await stack.enter_async_context(connect(rpc))
    return await Desk.client(connection).who()


async def test_new_callers_go_to_the_replica_that_has_time(two):
    web, _ = two.rows()["desk/1"]["addresses"]
    busy, free = pids(two).values()
    os.kill(busy, signal.SIGSTOP)
    try:
        async with fail_after(30):
            assert {await who_afresh(web) for _ in range(50)} == {free}
    finally:
        os.kill(busy, signal.SIGCONT)


async def test_a_crash_of_one_replica_is_not_seen_by_those_who_called_the_other(two):
    web, rpc = two.rows()["desk/1"]["addresses"]
    killed, other = pids(two).values()
    async with AsyncExitStack() as stack:
        ends = [await stream(stack, rpc)]
        async with fail_after(30):
            while {pid for pid, _ in ends} != {killed, other}:  # they are not dealt out evenly
                ends.append(await stream(stack, rpc))
        os.kill(killed, signal.SIGKILL)
        after = [await who_afresh(web) for _ in range(50)]
        assert killed not in after
        counts = [(pid, await rest) for pid, rest in ends]
    assert {count for pid, count in counts if pid == other} == {9}
    assert all(count < 9 for pid, count in counts if pid == killed)


async def stream(stack: AsyncExitStack, rpc: str):
    """Begin a stream on a connection of its own; return who answers, and how it goes on."""
    connection = await stack.enter_async_context(connect(rpc))
    items = Desk.client(connection, timeout=30.0).count(10, 0.2)
    return await anext(items), asyncio.create_task(rest_of(items))


async def rest_of(items) -> int:
    count = 0
    try:
        async for _ in items:
            count += 1
    except RPCError:
        pass
    return count


async def test_replicas_are_replaced_one_after_the_other(two, supervisor):
    before = pids(two)
    async with supervisor(two) as supervision:
        steps = [step async for step in supervision.restart(["desk"], rolling=True)]
    states = [(step.name, step.row.state) for step in steps]
    assert states.index(("desk/1", "ready")) < states.index(("desk/2", "restarting"))
    assert not set(pids(two).values()) & set(before.values())


async def test_a_restart_of_what_is_not_there_is_refused(two, supervisor):
    async with supervisor(two) as supervision:
        with pytest.raises(RPCError, match='no process is called "desk/3"'):
            _ = [step async for step in supervision.restart(["desk/3"])]
        (two.folder / "kitfox.toml").write_text(CONFIG + "replicas = 3\n")
        with pytest.raises(FailedPrecondition, match="changes when all of desk is restarted"):
            _ = [step async for step in supervision.restart(["desk/1"])]
        (two.folder / "kitfox.toml").write_text("[service")
        with pytest.raises(RPCError, match="is not valid TOML"):
            _ = [step async for step in supervision.restart(["desk"])]


async def test_a_supervisor_is_upgraded_in_place_and_its_processes_go_on(two, supervisor, until):
    up = two.command
    before = pids(two)
    web, rpc = two.rows()["desk/1"]["addresses"]
    written = up.written
    async with connect(rpc) as connection:
        slow = asyncio.create_task(Desk.client(connection, timeout=30.0).slow(3.0))
        up.send(signal.SIGUSR2)
        await up.says("desk/2 ready", since=written)
        assert pids(two) == before
        assert await slow in before.values()
    assert await who_afresh(web) in before.values()
    async with supervisor(two) as supervision:
        assert [row.state for row in await supervision.rows()] == ["ready", "ready"]
        _ = [step async for step in supervision.restart(["desk/1"])]
    assert pids(two)["desk/2"] == before["desk/2"]
    os.kill(before["desk/2"], signal.SIGKILL)
    await until(lambda: two.is_back("desk/2"))
    await up.says("desk/2 backing off: killed", since=written)


async def test_a_supervisor_is_not_upgraded_while_a_process_begins(restarting):
    up, restart = restarting
    up.send(signal.SIGUSR2)
    await up.says("not upgraded: desk is restarting")
    up.send(signal.SIGTERM)
    assert await up.ended() == 0
    assert await restart.ended() != 0
