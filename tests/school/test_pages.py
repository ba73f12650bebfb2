import re

import pytest

from school._forms import Form, grade_form, student_form
from school._pages import FOLDER, Pages
from school.contract import Grade, GradeType, Student, summary

EVIL = "<script>alert('\"&')</script>"


@pytest.fixture
def pages():
    return Pages(school="Fox School", style="/portal.css?v=1", icon="/fox.svg?v=1", editing=True)


@pytest.fixture
def plain():
    return Pages(school="Fox School", style="/portal.css", icon="/fox.svg", editing=False)


def test_the_list_shows_last_and_first_name_and_the_average_with_one_decimal(pages, ada):
    page = pages.students([summary(ada)])
    assert '<a href="/students/1">Okafor, Ada</a>' in page
    assert "90.2<span" in page  # half to even


def test_an_average_without_grades_is_a_dash(pages):
    student = Student(2, "Ben", "Lindqvist")
    assert '<span class="none">–</span>' in pages.students([summary(student)])
    assert "<b>–</b>" in pages.student(student, Form())


def test_an_empty_school_says_so(pages):
    assert "There are no students yet." in pages.students([])


def test_a_student_is_shown_with_grades_and_the_form_for_another(pages, ada):
    page = pages.student(ada, Form())
    assert "<h1>Ada Okafor</h1>" in page
    assert page.index("Fractions") < page.index("Algebra")
    assert re.search(r'<td class="score">88\.5</td>', page)
    for name in ("Title", "Type", "Score"):
        assert f'name="{name}"' in page


def test_a_refused_form_shows_what_was_typed_and_what_is_wrong_beside_it(pages, ada):
    form = Form({"Title": "Botany", "Type": "Exam", "Score": "140"}, {"Score": "Too much."})
    page = pages.student(ada, form)
    assert "<title>Not added: Ada Okafor · Fox School</title>" in page
    assert 'value="Botany"' in page
    assert 'value="Exam" checked' in page
    assert re.search(r'name="Score" value="140"[^>]*aria-invalid="true" autofocus', page)
    assert '<p class="error" id="Score-error">Too much.</p>' in page
    assert page.count("aria-invalid") == 1


def test_trouble_with_the_whole_form_is_an_alert(pages):
    page = pages.new_student(Form({"FirstName": "Mia"}, trouble="No room."))
    assert '<p class="trouble" role="alert">No room.</p>' in page
    assert 'value="Mia"' in page


def test_every_error_is_described_to_those_who_cannot_see(pages, ada):
    errors = dict.fromkeys(("Title", "Type", "Score"), "No.")
    page = pages.student(ada, Form({}, errors))
    for described in re.findall(r'aria-describedby="([^"]*)"', page):
        assert all(f'id="{name}"' in page for name in described.split())
    assert page.count("autofocus") == 1


def test_a_forgotten_choice_has_the_keyboard(pages, ada):
    page = pages.student(ada, Form({"Title": "Botany"}, {"Type": "No.", "Score": "No."}))
    assert re.search(r'value="Test" autofocus', page)
    assert page.count("autofocus") == 1


def everything(pages):
    """All pages, with what evil people would type wherever somebody else's text is shown."""
    grade = Grade(1, EVIL, GradeType.QUIZ, 1)
    student = Student(1, EVIL, EVIL, (grade,))
    fields = ("Title", "Type", "Score", "FirstName", "LastName", "Sure")
    form = Form(dict.fromkeys(fields, EVIL), dict.fromkeys(fields, EVIL), EVIL)
    yield pages.students([summary(student)])
    yield pages.student(student, form)
    yield pages.new_student(form)
    yield pages.edit_student(student, form)
    yield pages.edit_student(student, student_form(student))
    yield pages.edit_grade(student, grade, form)
    yield pages.edit_grade(student, grade, grade_form(grade))
    yield pages.away("/students/" + EVIL, form)
    yield pages.away("/students/" + EVIL, Form())
    yield pages.notice(EVIL, EVIL)


def test_nobody_writes_html_into_a_page(pages):
    for page in everything(pages):
        assert "<script" not in page
        assert "alert(&#39;&#34;&amp;&#39;)" in page


def test_no_page_needs_what_the_policy_forbids(pages):
    for page in everything(pages):
        assert not re.search(r"<script|<style|\sstyle=|\son\w+=|javascript:|https?://", page)
    assert "url(" not in (FOLDER / "portal.css").read_text()


def test_every_page_is_whole(pages):
    for page in everything(pages):
        assert page.startswith("<!doctype html>")
        assert page.rstrip().endswith("</html>")
        assert page.count("<h1") == 1
        assert 'name="viewport"' in page
        ids = re.findall(r'\sid="([^"]*)"', page)
        assert len(ids) == len(set(ids))


def test_a_school_that_only_looks_offers_nothing_else(plain, ada):
    assert "/students/new" not in plain.students([summary(ada)])
    page = plain.student(ada, Form())
    assert "/edit" not in page
    assert "/students/1/grades/" not in page
    assert 'action="/students/1/grades"' in page
