"""The grading service: the register, served.

It also answers the routes of the original grading service, for callers that know no other.
"""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import ParamSpec, Self, TypeVar

from msgspec import Struct

from kitfox.net import ASGIApp, Site
from school._original_routes import original_routes
from school._store import Store
from school._web import BODY_LIMIT, with_headers
from school.contract import Grade, GradeType, Grading, Student, Summary

P = ParamSpec("P")
T = TypeVar("T")

_log = logging.getLogger("school.grading")


class GradingSettings(Struct, frozen=True):
    """The file that the grades are kept in."""

    database: str = "grading.db"


class SQLGrading(Grading):
    """Grading over a database file, which several processes may share; an async context manager.

    All SQL runs in one thread, so the loop is free while a disk syncs. A call that is given up
    meanwhile may still be done.
    """

    def __init__(self, settings: GradingSettings) -> None:
        self._store = Store(Path(settings.database))
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="grades")

    async def __aenter__(self) -> Self:
        await self._run(self._store.open)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._run(self._store.close)
        self._thread.shutdown()

    def asgi(self) -> ASGIApp:
        """Return what answers the original routes."""
        return with_headers(Site(original_routes(self, self.everyone), body_limit=BODY_LIMIT))

    async def everyone(self) -> tuple[Student, ...]:
        """Return all students with all their grades, as the original lists them."""
        return await self._run(self._store.everyone)

    async def list_students(self) -> tuple[Summary, ...]:
        return await self._run(self._store.students)

    async def get_student(self, id: int) -> Student:
        return await self._run(self._store.student, id)

    async def add_student(self, first_name: str, last_name: str) -> Student:
        student = await self._run(self._store.add_student, first_name, last_name)
        _log.info("student %d admitted", student.id)
        return student

    async def change_student(self, id: int, first_name: str, last_name: str) -> Student:
        student = await self._run(self._store.change_student, id, first_name, last_name)
        _log.info("student %d renamed", id)
        return student

    async def remove_student(self, id: int) -> None:
        await self._run(self._store.remove_student, id)
        _log.info("student %d removed", id)

    async def add_grade(self, student: int, title: str, type: GradeType, score: float) -> Grade:
        grade = await self._run(self._store.add_grade, student, title, type, score)
        _log.info("student %d: grade %d added", student, grade.id)
        return grade

    async def change_grade(
        self, student: int, grade: int, title: str, type: GradeType, score: float
    ) -> Grade:
        changed = await self._run(self._store.change_grade, student, grade, title, type, score)
        _log.info("student %d: grade %d changed", student, grade)
        return changed

    async def remove_grade(self, student: int, grade: int) -> None:
        await self._run(self._store.remove_grade, student, grade)
        _log.info("student %d: grade %d removed", student, grade)

    async def _run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, lambda: function(*args, **kwargs))
