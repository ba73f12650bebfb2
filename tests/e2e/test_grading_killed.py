"""Grading is killed while grades are entered."""

import asyncio
import re
import signal
from collections import Counter

STUDENTS = (1, 2, 3, 4, 5)
MOST = 900  # grading takes 200 grades a student


class Teacher:
    """Enters one grade after another, and remembers which were accepted."""

    def __init__(self, school, portal: str) -> None:
        self._school = school
        self._portal = portal
        self.accepted: list[str] = []
        self.refused: list[str] = []

    async def work(self) -> None:
        for n in range(MOST):
            title = f"Essay {n:03}"
            page = await self._school.post(
                f"{self._portal}/students/{STUDENTS[n % 5]}/grades",
                Title=title,
                Type="Test",
                Score=50,
            )
            assert page.status == 303 or is_friendly(page)
            (self.accepted if page.status == 303 else self.refused).append(title)
            await asyncio.sleep(0.01)


def is_friendly(page) -> bool:
    return page.status == 503 and "Grades cannot be reached right now" in page.text


async def titles(school, portal: str) -> Counter[str]:
    pages = [await school.get(f"{portal}/students/{student}") for student in STUDENTS]
    return Counter(title for page in pages for title in re.findall('row">(.*?)<', page.text))


async def is_away(school, portal: str) -> bool:
    return is_friendly(await school.get(f"{portal}/students"))


async def test_a_killed_grading_comes_back_with_every_grade_that_was_accepted(school, until):
    await school.up()
    portal, before = school.address("portal"), school.rows()
    teacher = Teacher(school, portal)
    async with asyncio.TaskGroup() as group:
        working = group.create_task(teacher.work())
        await until(lambda: len(teacher.accepted) >= 30)
        school.send("grading", signal.SIGKILL)
        await until(lambda: is_away(school, portal))
        await until(lambda: school.is_back("grading"))
        accepted = len(teacher.accepted)
        await until(lambda: len(teacher.accepted) >= accepted + 30)
        working.cancel()

    assert teacher.refused
    assert school.rows()["portal"]["pid"] == before["portal"]["pid"]
    assert school.rows()["grading"]["pid"] != before["grading"]["pid"]
    found = await titles(school, portal)
    assert {title: found[title] for title in teacher.accepted} == dict.fromkeys(teacher.accepted, 1)
