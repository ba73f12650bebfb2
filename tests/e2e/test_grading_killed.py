"""Grading is killed while grades are entered."""

import asyncio
import re
from collections import Counter
from itertools import count

from kitfox.scope import fail_after

STUDENTS = (1, 2, 3, 4, 5)


class Teacher:
    """Enters one grade after another, looks at the list, and remembers what came of it."""

    def __init__(self, school, portal: str) -> None:
        self._school = school
        self._portal = portal
        self.accepted: list[str] = []
        self.refused: list[str] = []
        self.pages_missed = 0

    async def work(self) -> None:
        for n in count():
            await self._enter(f"Essay {n}", STUDENTS[n % len(STUDENTS)])
            page = await self._school.get(f"{self._portal}/students")
            assert page.status == 200 or is_friendly(page)
            self.pages_missed += page.status != 200
            await asyncio.sleep(0.01)

    async def _enter(self, title: str, student: int) -> None:
        url = f"{self._portal}/students/{student}/grades"
        page = await self._school.post(url, Title=title, Type="Test", Score=50)
        assert page.status == 303 or is_friendly(page)
        (self.accepted if page.status == 303 else self.refused).append(title)


def is_friendly(page) -> bool:
    return page.status == 503 and "Grades cannot be reached right now" in page.text


async def page_of(school, portal: str, student: int):
    """Get a page; for a while after the crash the portal's breaker refuses some calls."""
    while (page := await school.get(f"{portal}/students/{student}")).status != 200:
        assert is_friendly(page)
        await asyncio.sleep(0.05)
    return page


async def titles(school, portal: str) -> Counter[str]:
    async with fail_after(30):
        pages = [await page_of(school, portal, student) for student in STUDENTS]
    return Counter(title for page in pages for title in re.findall('row">(.*?)<', page.text))


async def kill_until(noticed, school, until):
    """Kill grading until its absence is noticed: each time it stays away for longer."""
    for kills in count(1):
        await school.kill("grading")
        await until(lambda kills=kills: school.is_back("grading", kills))
        if noticed():
            return


async def test_a_killed_grading_comes_back_with_every_grade_that_was_accepted(school, until):
    await school.up()
    portal, before = school.address("portal"), school.rows()
    teacher = Teacher(school, portal)
    async with asyncio.TaskGroup() as group:
        working = group.create_task(teacher.work())
        await until(lambda: len(teacher.accepted) >= 30)
        await kill_until(lambda: teacher.refused and teacher.pages_missed, school, until)
        accepted = len(teacher.accepted)
        await until(lambda: len(teacher.accepted) >= accepted + 30)
        working.cancel()

    assert school.rows()["portal"]["pid"] == before["portal"]["pid"]
    assert school.rows()["grading"]["pid"] != before["grading"]["pid"]
    found = await titles(school, portal)
    assert {title: found[title] for title in teacher.accepted} == dict.fromkeys(teacher.accepted, 1)
