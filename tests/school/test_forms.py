from contextlib import suppress

import pytest
from hypothesis import given, strategies as st

from kitfox.core import InvalidArgument
from school._forms import (
    FieldErrors,
    Form,
    grade_form,
    number,
    parse_form,
    read_consent,
    read_grade,
    read_student,
    student_form,
)
from school.contract import Grade, GradeType

FORM = "application/x-www-form-urlencoded"
GRADE = {"Title": "Algebra", "Type": "Quiz", "Score": "85"}


def test_a_form_is_read():
    assert parse_form(FORM, b"Title=Quiz+1&Type=Quiz&Score=") == {
        "Title": "Quiz 1",
        "Type": "Quiz",
        "Score": "",
    }


def test_a_form_may_name_its_charset_and_an_empty_one_says_nothing():
    assert parse_form(f"{FORM}; charset=utf-8", b"Title=%C3%A9tude") == {"Title": "étude"}
    assert parse_form(FORM.upper(), b"") == {}


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("text/plain", b"Title=A"),
        ("", b"Title=A"),
        ("multipart/form-data; boundary=x", b"--x--"),
        (FORM, b"Title=%ff"),
        (FORM, b"Title=\xc3\xa9"),
        (FORM, b"&".join(b"f%d=1" % n for n in range(11))),
    ],
)
def test_what_no_browser_sends_is_refused(content_type, body):
    with pytest.raises(InvalidArgument, match="form"):
        parse_form(content_type, body)


@given(st.binary(max_size=200))
def test_no_bytes_make_the_reader_fall_over(body):
    with suppress(InvalidArgument):
        parse_form(FORM, body)


@pytest.mark.parametrize(
    ("text", "score"),
    [
        ("0", 0),
        ("100", 100),
        (" 85 ", 85),
        ("85.5", 85.5),
        ("85,25", 85.25),
        ("85.", 85),
        ("+7", 7),
    ],
)
def test_a_score_is_read_as_people_write_it(text, score):
    assert read_grade(GRADE | {"Score": text}) == ("Algebra", GradeType.QUIZ, score)


@pytest.mark.parametrize(
    ("field", "text", "words"),
    [
        ("Title", "", "Say what it was about, such as “Algebra”."),
        ("Title", "  ", "Say what it was about, such as “Algebra”."),
        ("Title", "x" * 61, "At most 60 characters; these are 61."),
        ("Type", "", "Choose what it was given for."),
        ("Type", "Oral", "Choose what it was given for."),
        ("Type", "quiz", "Choose what it was given for."),
        ("Score", "", "Enter a number from 0 to 100."),
        ("Score", "A+", "“A+” is no number. Enter one from 0 to 100."),
        ("Score", "nan", "“nan” is no number. Enter one from 0 to 100."),
        ("Score", "1e1", "“1e1” is no number. Enter one from 0 to 100."),
        ("Score", "1_0", "“1_0” is no number. Enter one from 0 to 100."),
        ("Score", "\u0661", "“\u0661” is no number. Enter one from 0 to 100."),
        ("Score", "9" * 40, f"“{'9' * 20}” is no number. Enter one from 0 to 100."),
        ("Score", "-1", "A score is from 0 to 100."),
        ("Score", "100,01", "A score is from 0 to 100."),
        ("Score", "99.999", "Two decimals are enough."),
    ],
)
def test_what_is_wrong_is_said_of_the_field_it_is_in(field, text, words):
    with pytest.raises(FieldErrors) as caught:
        read_grade(GRADE | {field: text})
    assert caught.value.errors == {field: words}


def test_all_that_is_wrong_is_said_at_once():
    with pytest.raises(FieldErrors) as caught:
        read_grade({})
    assert list(caught.value.errors) == ["Title", "Type", "Score"]
    assert "Title: Say what" in str(caught.value)


def test_a_student_has_two_names():
    assert read_student({"FirstName": " Mia ", "LastName": "Berg"}) == ("Mia", "Berg")
    with pytest.raises(FieldErrors) as caught:
        read_student({"FirstName": "", "LastName": "B" * 61})
    assert caught.value.errors == {
        "FirstName": "Every student has one.",
        "LastName": "At most 60 characters; these are 61.",
    }


def test_a_removal_wants_its_box_ticked():
    read_consent({"Sure": "yes"})
    with pytest.raises(FieldErrors, match="Tick the box first"):
        read_consent({})


@given(
    st.text(min_size=1, max_size=60).filter(lambda text: text.strip() == text),
    st.sampled_from(GradeType),
    st.integers(0, 10_000),
)
def test_what_a_form_shows_of_a_grade_reads_as_that_grade(title, kind, hundredths):
    grade = Grade(1, title, kind, hundredths / 100)
    assert read_grade(grade_form(grade).typed) == (title, kind, grade.score)


def test_what_a_form_shows_of_a_student_reads_as_that_student(ada):
    assert read_student(student_form(ada).typed) == ("Ada", "Okafor")


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (100.0, "100"), (88.5, "88.5"), (66.666666, "66.67"), (10, "10")]
)
def test_a_score_is_written_without_needless_digits(value, text):
    assert number(value) == text


def test_complaints_can_stand_over_other_texts():
    complaint = Form({"Sure": ""}, {"Sure": "Tick it"}, "no")
    assert not complaint.valid
    assert complaint.over(Form({"Title": "A"})) == Form({"Title": "A"}, {"Sure": "Tick it"}, "no")
