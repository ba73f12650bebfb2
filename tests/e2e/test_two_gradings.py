"""Two grading processes on one database; each in turn is stopped while pages are loaded."""

import asyncio
import signal
from collections import Counter
from itertools import count

SECOND = """
[service.grading2]
run = "school.grading:SQLGrading"
settings = { database = "grading.db" }
"""
READERS = 12


class Crowd:
    """Readers that load pages and send forms all the time."""

    def __init__(self, school, portal: str) -> None:
        self._school = school
        self._portal = portal
        self.answers = Counter[int]()

    async def use(self) -> None:
        async with asyncio.TaskGroup() as group:
            for number in range(READERS):
                group.create_task(self._use(1 + number % 5))

    async def _use(self, student: int) -> None:
        url = f"{self._portal}/students/{student}"
        for turn in count():
            pages = (
                await self._school.get(f"{self._portal}/students"),
                await self._school.post(url, FirstName="Kit", LastName=f"Fox {turn}"),
                await self._school.get(url),
            )
            self.answers.update(page.status for page in pages)
            await asyncio.sleep(0.1)  # to read them; more would only keep the processors busy


async def test_stopping_either_of_two_gradings_under_load_fails_no_page(
    system, school_config, until
):
    school = system(school_config.replace('notice = "0s"\n', "") + SECOND)
    up = await school.up()
    crowd = Crowd(school, school.address("portal"))
    async with asyncio.TaskGroup() as group:
        using = group.create_task(crowd.use())
        for name in ("grading", "grading2"):
            for each in ("grading", "grading2"):
                await up.says_anew(rf"^{each} .*renamed$")
            school.send(name, signal.SIGTERM)
            await until(lambda name=name: school.is_back(name))
        await up.says_anew(rf"^{name} .*renamed$")
        using.cancel()
    assert set(crowd.answers) == {200, 303}
    restarts = {name: row["restarts"] for name, row in school.rows().items()}
    assert restarts == {"registry": 0, "logs": 0, "grading": 1, "portal": 0, "grading2": 1}
