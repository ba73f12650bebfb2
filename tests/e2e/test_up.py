"""`kitfox up` as an operator meets it: Ctrl-C, crashes, and its own violent end."""

import re

ALONE = """
[service.{name}]
run = "{name}:Service"
"""

LEAVING = """
import subprocess
from kitfox.core import Service as Base

class Service(Base, name="test.Leaving"):
    async def __aenter__(self):
        subprocess.Popen(["sleep", "1000"])
        return self

    async def __aexit__(self, *_):
        print("left", flush=True)
"""

STUBBORN = """
import asyncio, subprocess
from kitfox.core import Service as Base

class Service(Base, name="test.Stubborn"):
    async def __aenter__(self):
        subprocess.Popen(["sleep", "1000"])
        return self

    async def __aexit__(self, *_):
        print("never", flush=True)
        await asyncio.Event().wait()
"""

CRASHING = """
import sys
sys.exit("no luck")
"""


def alone(system, name: str, code: str):
    made = system(ALONE.format(name=name))
    (made.folder / f"{name}.py").write_text(code)
    return made


async def test_ctrl_c_stops_the_school_in_reverse_order_and_leaves_no_process(school):
    up = await school.up()
    up.ctrl_c()
    assert await up.ended() == 0
    assert school.processes() == []
    stopped = re.findall(r"^kitfox +\| (\w+) stopped$", up.output, re.MULTILINE)
    assert set(stopped[:2]) == {"grading", "portal"}
    assert stopped[2:] == ["logs", "registry"]
    assert {row["state"] for row in school.rows().values()} == {"stopped"}


async def test_ctrl_c_before_anything_is_ready_leaves_no_process_either(school):
    up = await school.kitfox("up")
    await up.says(r"^kitfox +\| registry starting$")
    up.ctrl_c()
    assert await up.ended() == 0
    assert school.processes() == []
    assert {row["state"] for row in school.rows().values()} == {"stopped"}


async def test_a_second_ctrl_c_kills_even_the_children_of_one_that_does_not_stop(system, until):
    stubborn = alone(system, "stubborn", STUBBORN)
    up = await stubborn.up()
    assert len(stubborn.processes()) == 3
    up.ctrl_c()
    await up.says(r"^stubborn +\| never$")
    up.ctrl_c()
    await up.says(r"^kitfox +\| stubborn stopped")
    await up.ended()
    await until(lambda: stubborn.processes() == [])


async def test_a_killed_supervisor_takes_all_with_it_even_the_children_of_its_services(
    system, until
):
    leaving = alone(system, "leaving", LEAVING)
    up = await leaving.up()
    assert len(leaving.processes()) == 3
    await up.kill()
    await until(lambda: leaving.processes() == [])


async def test_a_service_that_crashes_over_and_over_hinders_no_other(system, school_config, until):
    school = system(ALONE.format(name="crashing") + school_config)
    (school.folder / "crashing.py").write_text(CRASHING)
    up = await school.kitfox("up")
    await up.says(r"^portal +ready ")
    await up.says(r"^crashing +backing off +- +\d+ +exit 1; again in [\d.]+ s$")
    await up.says(r"^crashing +\| no luck$")
    await until(lambda: school.rows()["crashing"]["restarts"] >= 2)
    page = await school.get(f"{school.address('portal')}/students")
    assert page.status == 200
