"""What the school's tests share: grading with and without a disk, and a browser of few words."""

from dataclasses import dataclass
from urllib.parse import urlencode

import pytest

from kitfox.core import NotFound
from school.contract import Grade, GradeType, Grading, Student, Summary, summary
from school.grading import GradingSettings, SQLGrading
from school.portal import Portal, PortalSettings

FORM = "application/x-www-form-urlencoded"


class Classroom(Grading):
    """Grading in memory. Every call raises `fault`, while there is one, and is noted in `calls`."""

    def __init__(self, *students):
        self.students = {student.id: student for student in students}
        self.calls = []
        self.fault = None

    def _note(self, *call):
        self.calls.append(call)
        if self.fault is not None:
            raise self.fault

    async def list_students(self) -> tuple[Summary, ...]:
        return tuple(map(summary, await self.everyone()))

    async def everyone(self):
        self._note("everyone")
        return tuple(self.students.values())

    async def get_student(self, id: int) -> Student:
        self._note("get_student", id)
        if id not in self.students:
            raise NotFound(f"no student {id}")
        return self.students[id]

    async def add_student(self, first_name: str, last_name: str) -> Student:
        self._note("add_student", first_name, last_name)
        return Student(7, first_name, last_name)

    async def change_student(self, id: int, first_name: str, last_name: str) -> Student:
        self._note("change_student", id, first_name, last_name)
        return Student(id, first_name, last_name)

    async def remove_student(self, id: int) -> None:
        self._note("remove_student", id)

    async def add_grade(self, student: int, title: str, type: GradeType, score: float) -> Grade:
        self._note("add_grade", student, title, type, score)
        return Grade(9, title, type, score)

    async def change_grade(
        self, student: int, grade: int, title: str, type: GradeType, score: float
    ) -> Grade:
        self._note("change_grade", student, grade, title, type, score)
        return Grade(grade, title, type, score)

    async def remove_grade(self, student: int, grade: int) -> None:
        self._note("remove_grade", student, grade)


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self):
        return self.body.decode()


class Visitor:
    """Asks one ASGI application, without a network."""

    def __init__(self, app):
        self._app = app

    async def get(self, path, headers=None):
        return await self.ask("GET", path, headers=headers)

    async def post(self, path, headers=None, **fields):
        headers = {"content-type": FORM, **(headers or {})}
        return await self.ask("POST", path, urlencode(fields).encode(), headers)

    async def ask(self, verb, path, body=b"", headers=None):
        path, _, query = path.partition("?")
        raw = {"host": "school.test", **(headers or {})}
        scope = {
            "type": "http",
            "method": verb,
            "path": path,
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in raw.items()],
            "client": ("127.0.0.1", 4711),
        }
        events = []

        async def receive():
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(event):
            events.append(event)

        await self._app(scope, receive, send)
        start, *parts = events
        fields = {name.decode(): value.decode() for name, value in start["headers"]}
        return Answer(start["status"], fields, b"".join(part["body"] for part in parts))


@pytest.fixture
def ada():
    grades = (Grade(1, "Fractions", GradeType.QUIZ, 92), Grade(2, "Algebra", GradeType.TEST, 88.5))
    return Student(1, "Ada", "Okafor", grades)


@pytest.fixture
def classroom(ada):
    return Classroom(ada, Student(2, "Ben", "Lindqvist"))


@pytest.fixture
def visitor():
    return Visitor


@pytest.fixture
def portal(classroom):
    return Visitor(Portal(classroom, PortalSettings()).asgi())


@pytest.fixture
async def grading(tmp_path):
    async with SQLGrading(GradingSettings(str(tmp_path / "grading.db"))) as grading:
        yield grading
