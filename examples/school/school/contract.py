"""What the grading service offers; both sides of the wire import this."""

from abc import ABC, abstractmethod
from enum import Enum
from statistics import fmean
from typing import Annotated

from msgspec import Meta, Struct

from kitfox.core import Service, rpc

MOST_STUDENTS = 500
MOST_GRADES = 200  # of one student
MOST_CHARACTERS = 60  # of a name or a title

# Numbers that JSON carries exactly.
Id = Annotated[int, Meta(ge=1, le=2**53 - 1)]
Name = Annotated[str, Meta(min_length=1, max_length=MOST_CHARACTERS, pattern=r"\S")]
Title = Annotated[str, Meta(min_length=1, max_length=MOST_CHARACTERS, pattern=r"\S")]
Score = Annotated[float, Meta(ge=0, le=100)]


class GradeType(Enum):
    """What a grade was given for."""

    TEST = "Test"
    HOMEWORK = "Homework"
    QUIZ = "Quiz"
    EXAM = "Exam"


class Grade(Struct, frozen=True):
    """One grade of one student."""

    id: Id
    title: Title
    type: GradeType
    score: Score


class Student(Struct, frozen=True):
    """A student with all grades, oldest first."""

    id: Id
    first_name: Name
    last_name: Name
    grades: tuple[Grade, ...] = ()

    @property
    def average(self) -> float | None:
        """The mean of the scores; None while there is no grade."""
        return fmean(grade.score for grade in self.grades) if self.grades else None


class Summary(Struct, frozen=True):
    """A line of the list: a student, the number of grades and the mean of their scores."""

    id: Id
    first_name: Name
    last_name: Name
    grades: int = 0
    average: float | None = None


def summary(student: Student) -> Summary:
    """Return a student's line of the list."""
    count = len(student.grades)
    return Summary(student.id, student.first_name, student.last_name, count, student.average)


class Grading(Service, ABC, name="school.Grading"):
    """Who goes to this school, and how they are doing.

    An unknown student or grade raises NotFound, a value out of its bounds InvalidArgument. Only
    what changes nothing is marked idempotent: over HTTP that can be asked with GET, which any page
    may make a browser do.
    """

    @rpc(idempotent=True)
    @abstractmethod
    async def list_students(self) -> tuple[Summary, ...]:
        """All students, by last name."""

    @rpc(idempotent=True)
    @abstractmethod
    async def get_student(self, id: Id) -> Student:
        """One student, with the grades."""

    @rpc
    @abstractmethod
    async def add_student(self, first_name: Name, last_name: Name) -> Student:
        """Admit a student, who has no grades yet."""

    @rpc
    @abstractmethod
    async def change_student(self, id: Id, first_name: Name, last_name: Name) -> Student:
        """Give a student another name."""

    @rpc
    @abstractmethod
    async def remove_student(self, id: Id) -> None:
        """Remove a student with all grades."""

    @rpc
    @abstractmethod
    async def add_grade(self, student: Id, title: Title, type: GradeType, score: Score) -> Grade:
        """Give a student a grade."""

    @rpc
    @abstractmethod
    async def change_grade(
        self, student: Id, grade: Id, title: Title, type: GradeType, score: Score
    ) -> Grade:
        """Put a grade right."""

    @rpc
    @abstractmethod
    async def remove_grade(self, student: Id, grade: Id) -> None:
        """Take a grade back."""
