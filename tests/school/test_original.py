"""The portal's way to a grading service of the original kind: ours, and one that is not."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from kitfox.core import (
    Internal,
    InvalidArgument,
    NotFound,
    Unavailable,
    Unimplemented,
    Unreachable,
)
from kitfox.net import HTTPClient
from kitfox.scope import fail_after
from kitfox.transports.http import HTTP
from school.contract import Grade, GradeType, Student, Summary
from school.original import OriginalGrading, portal
from school.portal import PortalSettings

MIA = b'{"ID":4,"FirstName":"Mia","LastName":"Berg","Grades":null}\n'
GRADE = b'{"Title":"Botany","Type":"Exam","Score":85}\n'


class Twin(HTTPServer):
    """A grading service that knows nothing of kitfox; `answers` is what it says, by request."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), TwinHandler)
        self.answers = {}
        self.posted = []

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"


class TwinHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        if size := int(self.headers.get("Content-Length", 0)):
            self.server.posted.append(json.loads(self.rfile.read(size)))
        status, body = self.server.answers.get(f"{self.command} {self.path}", (404, b""))
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = answer  # noqa: N815  the names are http.server's

    def log_message(self, *_):
        pass


@pytest.fixture
def twin():
    twin = Twin()
    thread = threading.Thread(target=twin.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield twin
    twin.shutdown()
    thread.join()
    twin.server_close()


@pytest.fixture
async def http():
    async with HTTPClient() as http:
        yield http


@pytest.fixture
def client(twin, http):
    return OriginalGrading.client(OriginalGrading.dial(twin.url, http), timeout=10)


async def test_a_foreign_list_is_read(twin, client):
    twin.answers["GET /students"] = (200, b"[" + MIA + b"]\n")
    assert await client.list_students() == (Summary(4, "Mia", "Berg", 0, None),)


async def test_a_foreign_student_is_read(twin, client):
    twin.answers["GET /students/4"] = (200, MIA)
    assert await client.get_student(4) == Student(4, "Mia", "Berg")


async def test_a_grade_is_posted_as_the_original_wants_it(twin, client):
    twin.answers["POST /students/4/grades"] = (201, GRADE)
    grade = await client.add_grade(4, "Botany", GradeType.EXAM, 85.0)
    assert grade == Grade(0, "Botany", GradeType.EXAM, 85)
    assert twin.posted == [json.loads(GRADE)]


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        ((404, b""), NotFound, "grading has no /students/4"),
        ((400, b"bad\n"), InvalidArgument, "^bad$"),
        ((400, b""), InvalidArgument, "grading refuses that"),
        ((503, b"later\n"), Unavailable, "^later$"),
        ((500, b"secret"), Internal, "answered /students/4 with 500$"),
        ((308, b""), Internal, "with 308"),
        ((200, b"<html>"), Internal, "cannot be read"),
        ((200, b"{}"), Internal, "cannot be read: .*ID"),
    ],
)
async def test_other_answers_are_errors_with_a_code(twin, client, answer, error, words):
    twin.answers["GET /students/4"] = answer
    with pytest.raises(error, match=words):
        await client.get_student(4)


async def test_nobody_there_is_told_from_somebody_who_broke_off(http, unused_address):
    client = OriginalGrading.client(OriginalGrading.dial(unused_address, http))
    with pytest.raises(Unreachable):
        await client.list_students()


@pytest.fixture
def unused_address():
    server = HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    address = f"http://127.0.0.1:{server.server_address[1]}"
    server.server_close()
    return address


@pytest.mark.parametrize(
    "call",
    [
        lambda client: client.add_student("A", "B"),
        lambda client: client.change_student(1, "A", "B"),
        lambda client: client.remove_student(1),
        lambda client: client.change_grade(1, 1, "A", GradeType.QUIZ, 1),
        lambda client: client.remove_grade(1, 1),
    ],
)
async def test_what_the_original_cannot_do_is_said_to_be_unimplemented(client, call):
    with pytest.raises(Unimplemented, match="only lists, shows, and adds grades"):
        await call(client)


async def test_the_portal_speaks_the_original_protocol_to_our_grading(grading, http, visitor):
    async with (
        fail_after(10),
        HTTP("127.0.0.1:0", fallback=grading.asgi()).listen({}) as address,
    ):
        client = OriginalGrading.client(OriginalGrading.dial(address, http))
        visit = visitor(portal(client, PortalSettings(editing=False)).asgi())
        assert "Okafor, Ada" in (await visit.get("/students")).text
        form = {"Title": "Botany", "Type": "Exam", "Score": "85,5"}
        assert (await visit.post("/students/1/grades", **form)).status == 303
        assert "Botany" in (await visit.get("/students/1")).text
        assert (await visit.get("/students/77")).status == 404
