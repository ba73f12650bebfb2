"""Policies that change while a system runs."""

import signal

import pytest

ALONE = """
[service.desk]
run = "desk:Desk"
"""

ONE_CALL = """
[policy]
rate_limit = { rate = 0.001, burst = 1 }
"""

DESK = """
from kitfox.core import Service, rpc

class Desk(Service, name="test.Desk"):
    @rpc
    async def look(self) -> int:
        return 1
"""

APPLIED = r"the policies are those of .*kitfox\.toml"


@pytest.fixture
def alone(system):
    made = system(ALONE)
    (made.folder / "desk.py").write_text(DESK)
    return made


async def statuses(alone, calls: int) -> list[int]:
    url = f"{alone.address('desk')}/test.Desk/Look"
    return [(await alone.call(url)).status for _ in range(calls)]


async def test_policies_change_when_the_file_does_and_stay_when_it_is_wrong(alone):
    up, file = await alone.up(), alone.folder / "kitfox.toml"
    pid = alone.rows()["desk"]["pid"]
    assert await statuses(alone, 2) == [200, 200]
    file.write_text(ALONE + ONE_CALL)
    await up.says(APPLIED)
    assert await statuses(alone, 2) == [200, 429]
    file.write_text(ALONE + ONE_CALL.replace("burst", "brust"))
    await up.says(r"all stays as it was: .*policy\.rate_limit\.brust: unknown key")
    written = up.written
    file.write_text(ALONE + ONE_CALL + 'maximum = "9s"\n')
    await up.says(APPLIED, since=written)
    assert await statuses(alone, 1) == [429], "what counts counts on"
    assert alone.rows()["desk"]["pid"] == pid


async def test_a_hang_up_where_no_terminal_is_lost_lets_policies_be_read_again(alone):
    up = await alone.up()
    written = up.written
    up.send(signal.SIGHUP)
    await up.says(APPLIED, since=written)
    by_hand = await alone.run("desk")
    (alone.folder / "kitfox.toml").write_text(ALONE + ONE_CALL + "[system]\nlogs = false\n")
    by_hand.send(signal.SIGHUP)
    await by_hand.says("system has changed; that takes effect at the next start")
    assert up.running
    assert by_hand.running
