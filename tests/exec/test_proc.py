"""Reading all processes once for all who ask in one turn of the loop."""

import asyncio
import os
import subprocess

from kitfox.exec import Command
from kitfox.exec._proc import _marks, _rows, census, row
from kitfox.scope import fail_after


async def test_a_turn_of_the_loop_has_one_census_and_the_next_another():
    first = census(os.getpid())
    assert census(os.getpid()) is first
    await asyncio.sleep(0)
    assert census(os.getpid()) is not first


async def test_a_process_that_began_in_this_turn_is_in_the_census_that_it_asks_for():
    census(os.getpid())
    async with Command("sleep", "1000").start() as running:
        found = census(running.pid).rows[running.pid]
        assert (found.parent, found.session) == (os.getpid(), running.pid)
        assert row(running.pid).started == found.started
    assert row(running.pid) is None


def test_a_process_that_began_while_others_were_read_about_is_read_about_too():
    rows = _rows()
    seen = {next(rows).pid}
    with subprocess.Popen(["sleep", "1000"]) as child:
        seen.update(found.pid for found in rows)
        child.kill()
    assert {os.getpid(), child.pid} <= seen


async def test_a_process_between_two_programs_is_never_taken_for_one_without_a_mark(tmp_path):
    (tmp_path / "again").write_text("exec /bin/sh again\n")
    command = Command("/bin/sh", "again", cwd=tmp_path, env={})
    async with fail_after(10), command.start() as running:
        unsure = 0
        while unsure < 100:
            seen = _marks(running.pid)
            unsure += seen is None
            assert seen is None or len(seen) == 1
