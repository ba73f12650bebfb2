"""The JSON documents of the original grading service; no I/O.

Go matches a field's name without regard to case and ignores what it does not know, writes whole
numbers without a point, and ends a document with a newline.
"""

from collections.abc import Iterable
from typing import Annotated, cast

import msgspec
from msgspec import Meta, Struct

from school.contract import Grade, GradeType, Id, Name, Student, Title

_BOUNDS = Meta(ge=0, le=100)
Points = Annotated[int, _BOUNDS] | Annotated[float, _BOUNDS]

_NAMES = {n.lower(): n for n in ("ID", "FirstName", "LastName", "Grades", "Title", "Type", "Score")}


class GradeDocument(Struct, frozen=True, rename="pascal"):
    """A grade as it travels: it has no number of its own."""

    title: Title
    type: GradeType
    score: Points


class StudentDocument(Struct, frozen=True, rename="pascal"):
    """A student as it travels; `grades` are read one by one, for the original takes any."""

    id: Id = msgspec.field(name="ID")
    first_name: Name
    last_name: Name
    grades: tuple[object, ...] | None = None


def read_grade(body: bytes) -> GradeDocument:
    """Read a grade; ValueError says what is wrong with it."""
    return msgspec.convert(_folded(msgspec.json.decode(body)), GradeDocument)


def read_student(body: bytes) -> Student:
    """Read a student; ValueError says what is wrong with it."""
    return _student(msgspec.convert(_folded(msgspec.json.decode(body)), StudentDocument))


def read_students(body: bytes) -> tuple[Student, ...]:
    """Read a list of students; ValueError says what is wrong with it."""
    documents = msgspec.convert(_folded(msgspec.json.decode(body)), list[StudentDocument] | None)
    return tuple(map(_student, documents or ()))


def write_grade(grade: GradeDocument | Grade) -> bytes:
    """Write a grade."""
    return _written(_grade_document(grade))


def write_student(student: Student) -> bytes:
    """Write a student."""
    return _written(_student_document(student))


def write_students(students: Iterable[Student]) -> bytes:
    """Write a list of students."""
    return _written([_student_document(student) for student in students])


def _written(document: object) -> bytes:
    return msgspec.json.encode(document) + b"\n"


def _student_document(student: Student) -> StudentDocument:
    grades = tuple(map(_grade_document, student.grades))
    return StudentDocument(student.id, student.first_name, student.last_name, grades)


def _grade_document(grade: GradeDocument | Grade) -> GradeDocument:
    score = int(grade.score) if float(grade.score).is_integer() else grade.score
    return GradeDocument(grade.title, grade.type, score)


def _student(document: StudentDocument) -> Student:
    """Number the grades by their place; leave out those that no rule of ours would have taken."""
    numbered = enumerate(document.grades or (), 1)
    grades = (_grade(number, grade) for number, grade in numbered)
    return Student(
        document.id,
        document.first_name,
        document.last_name,
        tuple(grade for grade in grades if grade is not None),
    )


def _grade(number: int, document: object) -> Grade | None:
    try:
        grade = msgspec.convert(document, GradeDocument)
    except msgspec.ValidationError:
        return None
    return Grade(number, grade.title, grade.type, grade.score)


def _folded(value: object) -> object:
    """Return a document with its known fields under their proper names."""
    if isinstance(value, list):
        return [_folded(item) for item in cast("list[object]", value)]
    if isinstance(value, dict):
        fields = cast("dict[str, object]", value)
        return {_NAMES.get(name.lower(), name): _folded(item) for name, item in fields.items()}
    return value
