import json

import msgspec
import pytest
from hypothesis import given, strategies as st

from school._documents import read_student, read_students, write_student, write_students
from school.contract import Grade, GradeType, Student

texts = st.text(min_size=1, max_size=20).filter(str.strip)
scores = st.floats(0, 100) | st.integers(0, 100)
grades = st.builds(Grade, st.just(1), texts, st.sampled_from(GradeType), scores)
students = st.builds(Student, st.integers(1, 2**53 - 1), texts, texts, st.lists(grades).map(tuple))


def numbered(student):
    again = [Grade(n, g.title, g.type, g.score) for n, g in enumerate(student.grades, 1)]
    return Student(student.id, student.first_name, student.last_name, tuple(again))


@given(st.lists(students, max_size=5))
def test_what_is_written_is_read_again_with_grades_numbered_by_their_place(written):
    assert read_students(write_students(written)) == tuple(map(numbered, written))


@given(students)
def test_whole_numbers_have_no_point_as_in_go(student):
    for grade in json.loads(write_student(student))["Grades"]:
        assert isinstance(grade["Score"], int) == float(grade["Score"]).is_integer()


@pytest.mark.parametrize("body", [b"null", b"[]", b"[]\n"])
def test_no_students_may_be_null_as_go_writes_them(body):
    assert read_students(body) == ()


def test_null_grades_and_odd_cases_are_read():
    body = b'{"id":4,"firstname":"Mia","LASTNAME":"Berg","Grades":null,"Class":"3b"}'
    assert read_student(body) == Student(4, "Mia", "Berg")


def test_grades_that_the_original_should_not_have_taken_are_left_out():
    body = b"""{"ID":4,"FirstName":"Mia","LastName":"Berg","Grades":[
        {"Title":"","Type":"","Score":0}, {"Title":"A","Type":"Quiz","Score":-5},
        {"Title":"A","Type":"Quiz","Score":50}]}"""
    assert read_student(body).grades == (Grade(3, "A", GradeType.QUIZ, 50),)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"ID":0,"FirstName":"A","LastName":"B"}'])
def test_what_is_no_student_is_refused(body):
    with pytest.raises(msgspec.MsgspecError):
        read_student(body)
