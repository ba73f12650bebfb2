import asyncio
import logging

import pytest

from kitfox.core import (
    DeadlineExceeded,
    Internal,
    InvalidArgument,
    NotFound,
    ResourceExhausted,
    Unavailable,
)
from kitfox.transports.memory import Memory
from school.contract import GradeType, Grading
from school.portal import Portal, PortalSettings

GRADE = {"Title": "Botany", "Type": "Exam", "Score": "85"}
AWAY = "Grades cannot be reached right now"


async def test_home_is_the_list(portal):
    answer = await portal.get("/")
    assert (answer.status, answer.headers["location"]) == (303, "/students")


async def test_the_list_is_a_page_that_nobody_keeps(portal):
    answer = await portal.get("/students")
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert "Okafor, Ada" in answer.text
    assert "Lindqvist, Ben" in answer.text


async def test_every_answer_carries_the_policy(portal):
    for path in ("/", "/students", "/students/77", "/nowhere", "/portal.css"):
        headers = (await portal.get(path)).headers
        assert headers["content-security-policy"].startswith("default-src 'none'; style-src 'self'")
        assert headers["x-content-type-options"] == "nosniff"


async def test_a_student_has_a_page(portal):
    answer = await portal.get("/students/1")
    assert answer.status == 200
    assert "<h1>Ada Okafor</h1>" in answer.text


@pytest.mark.parametrize("path", ["/students/77", "/students/x", "/students/0"])
async def test_an_unknown_student_is_404_with_a_page(portal, path):
    answer = await portal.get(path)
    assert answer.status == 404
    assert "<h1>Not found</h1>" in answer.text


@pytest.mark.parametrize("path", ["/nowhere", "/favicon.ico", "/students/", "/students/1/x"])
async def test_an_unknown_path_is_404_with_a_page(portal, path):
    answer = await portal.get(path)
    assert answer.status == 404
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "<h1>No such page</h1>" in answer.text
    assert 'href="/students"' in answer.text


@pytest.mark.parametrize(
    "path", ["/../portal.py", "/pages/base.html", "/portal.css/../portal.py", "/..%2fportal.py"]
)
async def test_no_path_leads_to_a_file_that_is_not_served(portal, path):
    assert (await portal.get(path)).status == 404


async def test_a_wrong_method_is_405(portal):
    answer = await portal.get("/students/1/grades")
    assert (answer.status, answer.headers["allow"]) == (405, "POST")
    assert "wrong method" in answer.text


async def test_a_grade_is_added_and_the_browser_sent_to_it(portal, classroom):
    answer = await portal.post("/students/1/grades", **GRADE)
    assert (answer.status, answer.headers["location"]) == (303, "/students/1#grade-9")
    assert classroom.calls == [("add_grade", 1, "Botany", GradeType.EXAM, 85)]


async def test_an_invalid_grade_is_shown_again_and_sent_to_nobody(portal, classroom):
    answer = await portal.post("/students/1/grades", Title="Botany", Score="140")
    assert answer.status == 422
    assert 'value="Botany"' in answer.text
    assert 'value="140"' in answer.text
    assert "A score is from 0 to 100." in answer.text
    assert "Choose what it was given for." in answer.text
    assert classroom.calls == [("get_student", 1)]


async def test_what_grading_refuses_is_said_above_the_form(portal, classroom):
    class Full(type(classroom)):
        async def add_grade(self, student: int, title: str, type: GradeType, score: float) -> None:
            raise ResourceExhausted("no room for more")

    full = Full(*classroom.students.values())
    answer = await type(portal)(Portal(full, PortalSettings()).asgi()).post(
        "/students/1/grades", **GRADE
    )
    assert answer.status == 422
    assert "no room for more" in answer.text
    assert 'value="Botany"' in answer.text


@pytest.mark.parametrize(
    ("path", "fields", "location", "call"),
    [
        (
            "/students",
            {"FirstName": "Mia", "LastName": "Berg"},
            "/students/7",
            ("add_student", "Mia", "Berg"),
        ),
        (
            "/students/1",
            {"FirstName": "Ada", "LastName": "Berg"},
            "/students/1",
            ("change_student", 1, "Ada", "Berg"),
        ),
        ("/students/1/remove", {"Sure": "yes"}, "/students", ("remove_student", 1)),
        (
            "/students/1/grades/2",
            GRADE,
            "/students/1#grade-2",
            ("change_grade", 1, 2, "Botany", GradeType.EXAM, 85),
        ),
        ("/students/1/grades/2/remove", {"Sure": "yes"}, "/students/1", ("remove_grade", 1, 2)),
    ],
)
async def test_each_form_does_one_thing(portal, classroom, path, fields, location, call):
    answer = await portal.post(path, **fields)
    assert (answer.status, answer.headers["location"]) == (303, location)
    assert classroom.calls == [call]


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/students", "Every student has one."),
        ("/students/1", "Every student has one."),
        ("/students/1/remove", "Tick the box first"),
        ("/students/1/grades/2", "Enter a number from 0 to 100."),
        ("/students/1/grades/2/remove", "Tick the box first"),
    ],
)
async def test_each_form_comes_back_when_it_is_empty(portal, classroom, path, words):
    answer = await portal.post(path)
    assert answer.status == 422
    assert words in answer.text
    assert {call[0] for call in classroom.calls} <= {"get_student"}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("/students/new", 'name="FirstName" value=""'),
        ("/students/1/edit", 'name="LastName" value="Okafor"'),
        ("/students/1/grades/2", 'name="Score" value="88.5"'),
    ],
)
async def test_each_form_begins_with_what_is_there(portal, path, value):
    answer = await portal.get(path)
    assert answer.status == 200
    assert value in answer.text


async def test_a_grade_of_somebody_else_is_not_found(portal):
    assert (await portal.get("/students/1/grades/9")).status == 404
    assert (await portal.get("/students/2/grades/2")).status == 404


async def test_a_portal_like_the_original_has_only_its_routes(classroom, visitor):
    portal = visitor(Portal(classroom, PortalSettings(editing=False)).asgi())
    assert (await portal.get("/students/new")).status == 404
    assert (await portal.post("/students", FirstName="A", LastName="B")).status == 405
    assert (await portal.post("/students/1/grades", **GRADE)).status == 303


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 303),
        ({"sec-fetch-site": "same-origin"}, 303),
        ({"sec-fetch-site": "none"}, 303),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-origin", "origin": "https://evil.test"}, 303),
        ({"origin": "http://school.test"}, 303),
        ({"origin": "https://school.test"}, 303),
        ({"origin": "http://school.test:81"}, 403),
        ({"origin": "http://evil.test"}, 403),
        ({"origin": "null"}, 403),
    ],
)
async def test_only_our_own_pages_and_no_other_sites_may_send_forms(
    portal, classroom, headers, status
):
    answer = await portal.post("/students/1/grades", headers, **GRADE)
    assert answer.status == status
    assert bool(classroom.calls) == (status == 303)


async def test_a_link_from_elsewhere_may_be_followed(portal):
    assert (await portal.get("/students", {"sec-fetch-site": "cross-site"})).status == 200


async def test_what_is_no_form_is_refused_in_words(portal, classroom):
    answer = await portal.ask("POST", "/students/1/grades", b"{}", {"content-type": "text/json"})
    assert answer.status == 400
    assert "expected a form" in answer.text
    assert classroom.calls == []


async def test_a_form_without_end_is_not_read(portal):
    assert (await portal.post("/students/1/grades", Title="x" * 20_000)).status == 413


AWAYS = [
    Unavailable("no instance of school.Grading is known"),
    DeadlineExceeded("the deadline came before the reply"),
    TimeoutError(),
]


@pytest.mark.parametrize("fault", AWAYS, ids=repr)
async def test_while_grading_is_away_the_page_says_so_and_looks_again(portal, classroom, fault):
    classroom.fault = fault
    answer = await portal.get("/students/1")
    assert (answer.status, answer.headers["retry-after"]) == (503, "5")
    assert answer.headers["refresh"] == "5; url=/students/1"
    assert AWAY in answer.text
    assert "school.Grading" not in answer.text
    classroom.fault = None
    assert (await portal.get("/students/1")).status == 200


@pytest.mark.parametrize("fault", AWAYS, ids=repr)
async def test_a_form_sent_while_grading_is_away_is_kept_to_be_sent_again(portal, classroom, fault):
    classroom.fault = fault
    answer = await portal.post("/students/1/grades", **GRADE)
    assert answer.status == 503
    assert "refresh" not in answer.headers, "a browser would GET what was a POST"
    assert 'action="/students/1/grades"' in answer.text
    for name, value in GRADE.items():
        assert f'<input type="hidden" name="{name}" value="{value}">' in answer.text


async def test_grading_that_never_answers_is_given_up(classroom, visitor):
    class Asleep(type(classroom)):
        async def get_student(self, id: int) -> None:
            await asyncio.Event().wait()

    portal = visitor(Portal(Asleep(), PortalSettings(patience=0.01)).asgi())
    assert (await portal.get("/students/1")).status == 503


async def test_what_grading_cannot_do_is_said_without_its_secrets(portal, classroom, caplog):
    classroom.fault = Internal("secret")
    with caplog.at_level(logging.WARNING, "school.portal"):
        answer = await portal.get("/students")
    assert answer.status == 502
    assert "secret" not in answer.text
    assert "secret" in caplog.text


async def test_what_is_gone_in_the_meantime_is_not_found(portal, classroom):
    classroom.fault = NotFound("no student 1")
    assert (await portal.post("/students/1/grades", **GRADE)).status == 404


async def test_a_reading_that_is_refused_is_400(portal, classroom):
    classroom.fault = InvalidArgument("no")
    assert (await portal.get("/students")).status == 400


async def test_files_are_served_with_their_type_and_kept_by_their_version(portal):
    page = (await portal.get("/students")).text
    for name, kind in (("portal.css", "text/css; charset=utf-8"), ("fox.svg", "image/svg+xml")):
        url = page.partition(f'="/{name}?')[2].partition('"')[0]
        answer = await portal.get(f"/{name}?{url}")
        assert (answer.status, answer.headers["content-type"]) == (200, kind)
        assert "immutable" in answer.headers["cache-control"]
        assert "cache-control" not in (await portal.get(f"/{name}?v=old")).headers


async def test_the_portal_works_over_a_wire_and_finds_grading_when_it_comes(grading, visitor):
    wire = Memory()
    portal = visitor(Portal(Grading.client(wire), PortalSettings()).asgi())
    assert (await portal.get("/students")).status == 503
    async with wire.listen(grading.routes()):
        answer = await portal.post("/students/5/grades", **GRADE)
        assert (answer.status, answer.headers["location"]) == (303, "/students/5#grade-16")
        assert "Botany" in (await portal.get("/students/5")).text
    assert (await portal.get("/students/5")).status == 503
