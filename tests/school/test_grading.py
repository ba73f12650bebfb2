import asyncio

import pytest

from kitfox.codecs import JSON
from kitfox.core import InvalidArgument, NotFound, methods_of, service_name
from kitfox.scope import fail_after
from kitfox.transports.memory import Memory
from school.contract import (
    MOST_CHARACTERS,
    MOST_GRADES,
    MOST_STUDENTS,
    Grade,
    GradeType,
    Grading,
    Student,
    Summary,
)


@pytest.fixture
async def client(grading):
    wire = Memory()
    async with wire.listen(grading.routes()):
        yield Grading.client(wire, timeout=10)


async def test_a_client_does_all_that_a_teacher_does(client):
    mia = await client.add_student("Mia", "Berg")
    grade = await client.add_grade(mia.id, "Botany", GradeType.EXAM, 61.5)
    await client.change_grade(mia.id, grade.id, "Botany", GradeType.EXAM, 63)
    await client.change_student(mia.id, "Mia", "Berg-Moe")
    assert await client.get_student(mia.id) == Student(
        mia.id, "Mia", "Berg-Moe", (Grade(grade.id, "Botany", GradeType.EXAM, 63),)
    )
    await client.remove_grade(mia.id, grade.id)
    await client.remove_student(mia.id)
    assert len(await client.list_students()) == 5


async def test_an_unknown_student_is_not_found_over_the_wire_either(client):
    with pytest.raises(NotFound, match="no student 77"):
        await client.get_student(77)


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ((0, "Botany", GradeType.EXAM, 1), "student"),
        ((2**53, "Botany", GradeType.EXAM, 1), "student"),
        ((1, "", GradeType.EXAM, 1), "title"),
        ((1, " \t", GradeType.EXAM, 1), "title"),
        ((1, "B" * 61, GradeType.EXAM, 1), "title"),
        ((1, "Botany", "Oral", 1), "type"),
        ((1, "Botany", GradeType.EXAM, -0.1), "score"),
        ((1, "Botany", GradeType.EXAM, 100.1), "score"),
    ],
)
async def test_the_wire_lets_no_grade_pass_that_breaks_the_contract(client, arguments, field):
    with pytest.raises(InvalidArgument, match=field):
        await client.add_grade(*arguments)
    assert len((await client.get_student(1)).grades) == 3


@pytest.mark.parametrize("names", [("", "Berg"), ("Mia", " "), ("M" * 61, "Berg")])
async def test_the_wire_lets_no_nameless_student_pass(client, names):
    with pytest.raises(InvalidArgument, match="name"):
        await client.add_student(*names)


async def test_many_callers_at_once_get_what_they_asked_for(client):
    async with fail_after(20):
        grades = await asyncio.gather(
            *(client.add_grade(1, f"Quiz {n}", GradeType.QUIZ, n) for n in range(50))
        )
    kept = {grade.id: grade for grade in (await client.get_student(1)).grades}
    assert [kept[grade.id].title for grade in grades] == [f"Quiz {n}" for n in range(50)]


def test_get_only_looks():
    by_get = {name for name, method in methods_of(Grading).items() if method.idempotent}
    assert by_get == {"list_students", "get_student"}
    assert service_name(Grading) == "school.Grading"


def test_whatever_is_asked_for_fits_into_one_message():
    worst = "\0" * MOST_CHARACTERS  # six bytes each
    students = (Summary(2**53 - 1, worst, worst, MOST_GRADES, 100 / 3),) * MOST_STUDENTS
    assert len(JSON().encode(students)) < 4 * 1024 * 1024
    grades = (Grade(2**53 - 1, worst, GradeType.HOMEWORK, 100 / 3),) * MOST_GRADES
    student = Student(2**53 - 1, worst, worst, grades)
    assert len(JSON().encode(student)) < 4 * 1024 * 1024


def test_an_average_is_the_mean_of_the_scores_and_none_without_any(ada):
    assert ada.average == 90.25
    assert Student(2, "Ben", "Lindqvist").average is None
