import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from kitfox.core import InvalidArgument, NotFound, ResourceExhausted, Unavailable
from school import _store
from school._store import Store
from school.contract import Grade, GradeType, Student, summary


@pytest.fixture
def path(tmp_path):
    return tmp_path / "grades" / "grading.db"


@pytest.fixture
def store(path):
    store = Store(path)
    store.open()
    yield store
    store.close()


@pytest.fixture
def other(path, store):
    """The same database, as another process sees it."""
    other = Store(path)
    other.open()
    yield other
    other.close()


def test_a_new_register_holds_five_students_with_three_grades_each(store):
    students = store.students()
    assert sorted(student.id for student in students) == [1, 2, 3, 4, 5]
    assert [student.grades for student in students] == [3] * 5


def test_the_list_is_in_the_order_of_last_names(store):
    store.add_student("Zoë", "aalto")
    names = [student.last_name for student in store.students()]
    assert names == sorted(names, key=str.lower)
    assert names[0] == "aalto"


def test_the_list_and_a_single_look_agree(store):
    store.add_student("Mia", "Berg")
    everyone = store.everyone()
    assert [store.student(student.id) for student in everyone] == list(everyone)
    assert [summary(student) for student in everyone] == list(store.students())


def test_the_sample_comes_only_once(store, other, path):
    for student in store.students():
        store.remove_student(student.id)
    again = Store(path)
    again.open()
    assert again.students() == other.students() == ()
    again.close()


def test_a_new_student_has_a_number_of_their_own_for_ever(store):
    first = store.add_student(" Mia ", "Berg")
    assert first == Student(6, "Mia", "Berg")
    store.remove_student(6)
    assert store.add_student("Mia", "Berg").id == 7


def test_a_student_is_renamed(store):
    assert store.change_student(2, "Benno", " Lind ").last_name == "Lind"
    assert store.student(2).first_name == "Benno"
    assert len(store.student(2).grades) == 3


def test_a_removed_student_takes_the_grades_along(store, path):
    store.remove_student(1)
    with pytest.raises(NotFound, match="no student 1"):
        store.student(1)
    with sqlite3.connect(path) as db:
        assert db.execute("SELECT count(*) FROM grade WHERE student = 1").fetchone() == (0,)
    db.close()


def test_a_grade_comes_last_and_is_seen_by_every_process(store, other):
    grade = store.add_grade(1, " Botany ", GradeType.EXAM, 77.25)
    assert grade == Grade(16, "Botany", GradeType.EXAM, 77.25)
    assert other.student(1).grades[-1] == grade


def test_a_grade_is_changed(store):
    changed = store.change_grade(1, 2, "On kit foxes", GradeType.QUIZ, 0)
    assert store.student(1).grades[1] == changed == Grade(2, "On kit foxes", GradeType.QUIZ, 0)


def test_a_grade_is_taken_back(store):
    store.remove_grade(1, 2)
    assert [grade.id for grade in store.student(1).grades] == [1, 3]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda store: store.student(77), "no student 77"),
        (lambda store: store.change_student(77, "A", "B"), "no student 77"),
        (lambda store: store.remove_student(77), "no student 77"),
        (lambda store: store.add_grade(77, "A", GradeType.QUIZ, 1), "no student 77"),
        (
            lambda store: store.change_grade(1, 4, "A", GradeType.QUIZ, 1),
            "student 1 has no grade 4",
        ),
        (lambda store: store.remove_grade(1, 4), "student 1 has no grade 4"),
    ],
)
def test_what_is_not_there_is_named(store, call, words):
    before = store.everyone()
    with pytest.raises(NotFound, match=f"^{words}$"):
        call(store)
    assert store.everyone() == before


@pytest.mark.parametrize(
    "call",
    [
        lambda store: store.add_student("", "B"),
        lambda store: store.add_student("A", " "),
        lambda store: store.change_student(1, "A", "B" * 61),
        lambda store: store.add_grade(1, "", GradeType.QUIZ, 1),
        lambda store: store.add_grade(1, "A" * 61, GradeType.QUIZ, 1),
        lambda store: store.add_grade(1, "A", GradeType.QUIZ, -0.5),
        lambda store: store.add_grade(1, "A", GradeType.QUIZ, 100.5),
        lambda store: store.change_grade(1, 1, "A", GradeType.QUIZ, float("nan")),
    ],
)
def test_the_register_itself_refuses_what_breaks_its_rules(store, call):
    before = store.everyone()
    with pytest.raises(InvalidArgument, match="the register does not take that"):
        call(store)
    assert store.everyone() == before


@pytest.fixture
def small(path):
    small = Store(path, patience=0.01, most_students=5, most_grades=3)
    small.open()
    yield small
    small.close()


def test_a_full_class_takes_nobody_in(small):
    with pytest.raises(ResourceExhausted, match="there are 5 students, and no room for more"):
        small.add_student("Mia", "Berg")


def test_a_full_report_takes_no_grade(small):
    with pytest.raises(ResourceExhausted, match="there are 3 grades of one student"):
        small.add_grade(1, "Botany", GradeType.EXAM, 77)


def test_whoever_finds_the_register_locked_is_told_so_and_readers_go_on(small, path):
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Unavailable, match="locked"):
        small.change_student(1, "Mia", "Berg")
    assert small.student(1).first_name == "Ada"
    other.close()


WRITER = """
import sys
from pathlib import Path
from school._store import Store
from school.contract import GradeType
store = Store(Path(sys.argv[1]))
store.open()
for number in range(20):
    print(store.add_grade(1, f"{sys.argv[2]}-{number}", GradeType.QUIZ, number).id, flush=True)
store.close()
"""


def test_processes_that_start_together_share_one_register(tmp_path):
    path = tmp_path / "grading.db"
    folder = Path(_store.__file__).parents[1]
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path), str(number)],
            cwd=folder,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(4)
    ]
    numbers = [line for writer in writers for line in writer.communicate(timeout=60)[0].split()]
    assert [writer.returncode for writer in writers] == [0] * 4
    store = Store(path)
    store.open()
    assert len(set(numbers)) == 80
    assert {grade.id for grade in store.student(1).grades[3:]} == set(map(int, numbers))
    assert len(store.students()) == 5
    store.close()
