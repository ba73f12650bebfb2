"""The original protocol: the whole school speaks it, and a stranger takes one of its places."""

import asyncio
import json
import signal
import sys
from pathlib import Path

STRANGER = Path(__file__).with_name("original_grading.py")


async def test_the_school_runs_on_the_original_protocol(original, until):
    await original.up()
    page = f"{original.address('portal')}/students/1"
    await until(lambda: shows(original, page, "Okafor"))
    answer = await original.post(f"{page}/grades", Title="Herons", Type="Quiz", Score=71)
    assert answer.status == 303
    assert await shows(original, page, "Herons")
    names = {"LogService", "GradingService", "TeacherPortal"}
    assert await original.registered() == names


async def test_a_stranger_of_the_original_kind_lives_and_dies_in_the_school(original, until):
    registry, logs, portal = await asyncio.gather(
        *map(original.run, ("registry", "logs", "portal"))
    )
    page = f"{portal.address}/students/2"
    await until(lambda: is_away(original, page))

    stranger = await original.start(sys.executable, "-I", STRANGER, registry.address)
    url = (await stranger.says(r"^registered (\S+)$"))[1]
    log_service = [{"Name": "LogService", "URL": logs.address}]
    await until(lambda: knows(original, url, log_service))
    assert "GradingService" in await original.registered()
    listed = await original.kitfox("services", "--registry", registry.address)
    await listed.says(r"^GradingService +1$")

    await until(lambda: shows(original, page, "Otto Original"))
    answer = await original.post(f"{page}/grades", Title="Herons", Type="Quiz", Score=71)
    assert answer.status == 303
    assert await shows(original, page, "Herons")
    await until(lambda: "[GradingService] - Herons" in log_file(original))

    logs.send(signal.SIGTERM)
    await until(lambda: knows(original, url, []))
    await stranger.kill()
    await until(lambda: is_removed(original, "GradingService"))
    assert await is_away(original, page)


async def shows(system, url: str, text: str) -> bool:
    page = await system.get(url)
    return page.status == 200 and text in page.text


async def is_away(system, url: str) -> bool:
    page = await system.get(url)
    return page.status == 503 and "Grades cannot be reached right now" in page.text


async def is_removed(system, name: str) -> bool:
    return name not in await system.registered()


async def knows(system, url: str, providers: list[dict[str, str]]) -> bool:
    return json.loads((await system.get(f"{url}/providers")).text) == providers


def log_file(system) -> str:
    return (system.folder / ".kitfox" / "original" / "logs" / "distributed.log").read_text()
