"""The school's register in SQLite: plain SQL, no asyncio.

Several processes may share one file. A change is on disk when its method returns.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from kitfox.core import InvalidArgument, NotFound, ResourceExhausted, Unavailable
from school._sample import SAMPLE
from school.contract import (
    MOST_CHARACTERS,
    MOST_GRADES,
    MOST_STUDENTS,
    Grade,
    GradeType,
    Student,
    Summary,
)

_TYPES = ", ".join(f"'{kind.value}'" for kind in GradeType)
_SCHEMA = (
    f"""CREATE TABLE student (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        first_name TEXT NOT NULL CHECK (length(first_name) BETWEEN 1 AND {MOST_CHARACTERS}),
        last_name TEXT NOT NULL CHECK (length(last_name) BETWEEN 1 AND {MOST_CHARACTERS}))""",
    f"""CREATE TABLE grade (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        student INTEGER NOT NULL REFERENCES student ON DELETE CASCADE,
        title TEXT NOT NULL CHECK (length(title) BETWEEN 1 AND {MOST_CHARACTERS}),
        type TEXT NOT NULL CHECK (type IN ({_TYPES})),
        score REAL NOT NULL CHECK (score BETWEEN 0 AND 100))""",
    "CREATE INDEX grade_student ON grade (student)",
    "PRAGMA user_version = 1",
)
_NEW_STUDENT = "INSERT INTO student (first_name, last_name) VALUES (?, ?)"
_NEW_GRADE = "INSERT INTO grade (student, title, type, score) VALUES (?, ?, ?, ?)"

_GradeRow = tuple[int, str, str, float]


class Store:
    """All students and grades; one thread at a time uses it.

    `patience` is how long, in seconds, a change waits for another process's.
    """

    _db: sqlite3.Connection

    def __init__(
        self,
        path: Path,
        *,
        patience: float = 2.0,
        most_students: int = MOST_STUDENTS,
        most_grades: int = MOST_GRADES,
    ) -> None:
        """Name the database; nothing happens before `open`."""
        self._path = path
        self._patience = patience
        self._most_students = most_students
        self._most_grades = most_grades  # of one student

    def open(self) -> None:
        """Open the database; make it, with the sample students in it, when it is new."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(
            self._path, timeout=self._patience, isolation_level=None, check_same_thread=False
        )
        try:
            self._prepare()
        except BaseException:
            self._db.close()
            raise

    def close(self) -> None:
        """Close the database."""
        self._db.close()

    def students(self) -> tuple[Summary, ...]:
        """Return the list of all students by last name."""
        with self._reading():
            rows: list[tuple[int, str, str, int, float | None]] = self._db.execute(
                "SELECT student.id, first_name, last_name, count(grade.id), avg(score)"
                " FROM student LEFT JOIN grade ON grade.student = student.id"
                " GROUP BY student.id"
                " ORDER BY last_name COLLATE NOCASE, first_name COLLATE NOCASE, student.id"
            ).fetchall()
        return tuple(Summary(*row) for row in rows)

    def everyone(self) -> tuple[Student, ...]:
        """Return all students by last name, with all their grades."""
        with self._reading():
            rows: list[tuple[int, str, str]] = self._db.execute(
                "SELECT id, first_name, last_name FROM student"
                " ORDER BY last_name COLLATE NOCASE, first_name COLLATE NOCASE, id"
            ).fetchall()
            grades = _by_student(
                self._db.execute("SELECT student, id, title, type, score FROM grade ORDER BY id")
            )
        return tuple(Student(*row, tuple(grades[row[0]])) for row in rows)

    def student(self, id: int) -> Student:
        """Return one student."""
        with self._reading():
            return self._student(id)

    def add_student(self, first_name: str, last_name: str) -> Student:
        """Insert a student."""
        with self._writing():
            self._check_room("SELECT count(*) FROM student", (), self._most_students, "students")
            return self._student(self._insert(_NEW_STUDENT, first_name.strip(), last_name.strip()))

    def change_student(self, id: int, first_name: str, last_name: str) -> Student:
        """Replace a student's names."""
        with self._writing():
            self._db.execute(
                "UPDATE student SET first_name = ?, last_name = ? WHERE id = ?",
                (first_name.strip(), last_name.strip(), id),
            )
            return self._student(id)

    def remove_student(self, id: int) -> None:
        """Delete a student and all grades."""
        with self._writing():
            self._student(id)
            self._db.execute("DELETE FROM student WHERE id = ?", (id,))

    def add_grade(self, student: int, title: str, type: GradeType, score: float) -> Grade:
        """Insert a grade."""
        count = "SELECT count(*) FROM grade WHERE student = ?"
        with self._writing():
            self._student(student)
            self._check_room(count, (student,), self._most_grades, "grades of one student")
            grade = self._insert(_NEW_GRADE, student, title.strip(), type.value, score)
            return self._grade(student, grade)

    def change_grade(
        self, student: int, grade: int, title: str, type: GradeType, score: float
    ) -> Grade:
        """Replace a grade's title, type and score."""
        with self._writing():
            self._db.execute(
                "UPDATE grade SET title = ?, type = ?, score = ? WHERE student = ? AND id = ?",
                (title.strip(), type.value, score, student, grade),
            )
            return self._grade(student, grade)

    def remove_grade(self, student: int, grade: int) -> None:
        """Delete a grade."""
        with self._writing():
            self._grade(student, grade)
            self._db.execute("DELETE FROM grade WHERE id = ?", (grade,))

    def _prepare(self) -> None:
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")  # less, and a power cut takes commits back
        self._db.execute("PRAGMA foreign_keys = ON")
        with self._writing():
            (version,) = self._db.execute("PRAGMA user_version").fetchone()
            if version == 0:
                self._create()

    def _create(self) -> None:
        for statement in _SCHEMA:
            self._db.execute(statement)
        for first_name, last_name, grades in SAMPLE:
            student = self._insert(_NEW_STUDENT, first_name, last_name)
            for what, title, score in grades:
                self._insert(_NEW_GRADE, student, title, what.value, score)

    def _student(self, id: int) -> Student:
        row: tuple[int, str, str] | None = self._db.execute(
            "SELECT id, first_name, last_name FROM student WHERE id = ?", (id,)
        ).fetchone()
        if row is None:
            raise NotFound(f"no student {id}")
        grades: list[_GradeRow] = self._db.execute(
            "SELECT id, title, type, score FROM grade WHERE student = ? ORDER BY id", (id,)
        ).fetchall()
        return Student(*row, tuple(_grade(*grade) for grade in grades))

    def _grade(self, student: int, grade: int) -> Grade:
        row: _GradeRow | None = self._db.execute(
            "SELECT id, title, type, score FROM grade WHERE student = ? AND id = ?",
            (student, grade),
        ).fetchone()
        if row is None:
            raise NotFound(f"student {student} has no grade {grade}")
        return _grade(*row)

    def _insert(self, statement: str, *values: object) -> int:
        return self._db.execute(statement, values).lastrowid or 0  # rows count from 1

    def _check_room(self, count: str, values: tuple[int, ...], most: int, what: str) -> None:
        (number,) = self._db.execute(count, values).fetchone()
        if number >= most:
            raise ResourceExhausted(f"there are {most} {what}, and no room for more")

    def _reading(self) -> AbstractContextManager[None]:
        """Run a block that sees one state of the database."""
        return self._transaction("BEGIN")

    def _writing(self) -> AbstractContextManager[None]:
        """Run a block whole or not at all, and alone: the lock is taken before anything is read."""
        return self._transaction("BEGIN IMMEDIATE")

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[None]:
        try:
            self._db.execute(begin)
            yield
            self._db.execute("COMMIT")
        except sqlite3.IntegrityError as error:
            raise InvalidArgument(f"the register does not take that: {error}") from None
        except sqlite3.OperationalError as error:
            raise Unavailable(f"the register cannot be used right now: {error}") from error
        finally:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")


def _grade(id: int, title: str, type: str, score: float) -> Grade:
    return Grade(id, title, GradeType(type), score)


def _by_student(
    rows: Iterable[tuple[int, int, str, str, float]],
) -> Mapping[int, list[Grade]]:
    grades: defaultdict[int, list[Grade]] = defaultdict(list)
    for student, number, title, what, score in rows:
        grades[student].append(_grade(number, title, what, score))
    return grades
