"""Grading's original routes, without the original's faults."""

import json

import pytest

from kitfox.core import Internal, Unavailable
from kitfox.net import Site
from school._original_routes import original_routes


@pytest.fixture
def asked(grading, visitor):
    return visitor(grading.asgi())


@pytest.fixture
def scripted(classroom, visitor):
    return visitor(Site(original_routes(classroom, classroom.everyone)))


async def test_the_list_has_the_original_shape(scripted):
    answer = await scripted.get("/students")
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    assert answer.text == (
        '[{"ID":1,"FirstName":"Ada","LastName":"Okafor","Grades":['
        '{"Title":"Fractions","Type":"Quiz","Score":92},'
        '{"Title":"Algebra","Type":"Test","Score":88.5}]},'
        '{"ID":2,"FirstName":"Ben","LastName":"Lindqvist","Grades":[]}]\n'
    )


async def test_a_student_has_the_original_shape(asked):
    answer = await asked.get("/students/3")
    assert answer.status == 200
    assert list(json.loads(answer.body)) == ["ID", "FirstName", "LastName", "Grades"]
    assert answer.body.endswith(b"}\n")


async def test_a_grade_is_added_and_answered_as_json(asked):
    grade = b'{"Title":"Quiz 1","Type":"Quiz","Score":85}'
    answer = await asked.ask("POST", "/students/1/grades", grade)
    assert (answer.status, answer.headers["content-type"]) == (201, "application/json")
    assert answer.body == grade + b"\n"
    assert json.loads((await asked.get("/students/1")).body)["Grades"][-1] == json.loads(grade)


async def test_fields_are_known_whatever_their_case_and_others_are_ignored(asked):
    body = b'{"TITLE":"Quiz 1","type":"Quiz","score":85.5,"Teacher":"Fox"}'
    answer = await asked.ask("POST", "/students/1/grades", body)
    assert answer.body == b'{"Title":"Quiz 1","Type":"Quiz","Score":85.5}\n'


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "Input data was truncated"),
        (b"{", "truncated"),
        (b"[]", "Expected `object`"),
        (b"{}", "missing required field `Title`"),
        (b'{"Title":"","Type":"Quiz","Score":1}', "$.Title"),
        (b'{"Title":"A","Type":"Oral","Score":1}', "$.Type"),
        (b'{"Title":"A","Type":"Quiz","Score":-5}', "$.Score"),
        (b'{"Title":"A","Type":"Quiz","Score":101}', "$.Score"),
        (b'{"Title":"A","Type":"Quiz","Score":"5"}', "$.Score"),
        (b'{"Title":"A\xff","Type":"Quiz","Score":5}', "utf-8"),
    ],
)
async def test_a_wrong_grade_is_refused_in_words(asked, body, words):
    answer = await asked.ask("POST", "/students/1/grades", body)
    assert answer.status == 400
    assert words in answer.text
    assert len(json.loads((await asked.get("/students/1")).body)["Grades"]) == 3


@pytest.mark.parametrize(
    "path",
    ["/students/77", "/students/x", "/students/0", "/students/9" + "9" * 30, "/students/\u0661"],
)
async def test_an_unknown_student_is_404(asked, path):
    assert (await asked.get(path)).status == 404
    grade = b'{"Title":"A","Type":"Quiz","Score":5}'
    assert (await asked.ask("POST", f"{path}/grades", grade)).status == 404


@pytest.mark.parametrize(
    ("verb", "path", "allow"),
    [
        ("DELETE", "/students", "GET, HEAD"),
        ("POST", "/students/1", "GET, HEAD"),
        ("GET", "/students/1/grades", "POST"),
    ],
)
async def test_a_wrong_method_is_405_and_says_which_are_right(asked, verb, path, allow):
    answer = await asked.ask(verb, path)
    assert (answer.status, answer.headers["allow"]) == (405, allow)


@pytest.mark.parametrize("path", ["/", "/students/", "/students/1/", "/students/1/anything"])
async def test_only_the_right_paths_are_known(asked, path):
    assert (await asked.get(path)).status == 404
    assert (await asked.ask("POST", path, b"{}")).status == 404


async def test_a_page_of_another_site_cannot_add_a_grade(asked):
    grade = b'{"Title":"A","Type":"Quiz","Score":5}'
    headers = {"sec-fetch-site": "cross-site", "origin": "https://evil.test"}
    assert (await asked.ask("POST", "/students/1/grades", grade, headers)).status == 403
    assert len(json.loads((await asked.get("/students/1")).body)["Grades"]) == 3


async def test_a_body_without_end_is_not_read(asked):
    assert (await asked.ask("POST", "/students/1/grades", b" " * 20_000)).status == 413


async def test_a_register_out_of_reach_is_503_and_what_is_unknown_stays_unsaid(scripted, classroom):
    classroom.fault = Unavailable("the register is locked")
    answer = await scripted.get("/students")
    assert (answer.status, answer.text) == (503, "the register is locked\n")
    classroom.fault = Internal("secret")
    answer = await scripted.get("/students")
    assert answer.status == 500
    assert "secret" not in answer.text
