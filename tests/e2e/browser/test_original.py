"""The original system in Chromium: our four processes, and a grading service that is not ours."""

import asyncio
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.async_api import expect

from kitfox.net import HTTPClient
from kitfox.scope import fail_after

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("original")]

PATIENCE = 30_000  # milliseconds
AWAY = "Grades cannot be reached right now"


async def add_grade(page, title, score):
    await page.get_by_label("Title").fill(title)
    await page.get_by_text("Exam", exact=True).last.click()
    await page.get_by_label("Score").fill(score)
    await page.get_by_role("button", name="Add grade").click()


async def shows(page, selector, *texts):
    await expect(page.locator(selector)).to_have_text(texts, timeout=PATIENCE)


async def test_four_processes_work_together_in_the_original_protocol(
    page, original_school, tmp_path
):
    await page.goto(f"{original_school.portal}/students/1")
    while await page.locator("h1").inner_text() == AWAY:  # grading is not known yet
        await page.reload()
    await add_grade(page, "Botany", "61.5")
    await shows(page, ".grades tbody th", "Fractions", "On foxes", "Algebra", "Botany")
    assert await page.get_by_text("Change").count() == 0, "the original has no such thing"
    log = tmp_path / "state" / "logs" / "distributed.log"
    await told(log, "[grading] - student 1: grade 16 added")
    listed = await ask("GET", f"{original_school.registry}/services")
    names = sorted(service["Name"] for service in json.loads(listed))
    assert names == ["GradingService", "LogService", "TeacherPortal"]


async def told(file, line):
    """Wait until a line is in the log's file."""
    async with fail_after(30):
        while not file.exists() or line not in file.read_text():
            await asyncio.sleep(0.05)


async def ask(verb, url, document=None):
    body = b"" if document is None else json.dumps(document).encode()
    async with HTTPClient() as http:
        reply = await http.request(verb, url, body=body)
    assert reply.status == 200, reply
    return reply.body


class Twin(ThreadingHTTPServer):
    """The original grading service in the standard library, with one student."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), TwinHandler)
        self.grades = [{"Title": "Latin", "Type": "Test", "Score": 70}]

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"

    @property
    def student(self):
        return {"ID": 8, "FirstName": "Gopher", "LastName": "Blue", "Grades": self.grades}

    @property
    def registration(self):
        return {
            "ServiceName": "GradingService",
            "ServiceURL": self.url,
            "RequiredServices": [],
            "ServiceUpdateURL": f"{self.url}/services",
            "HeartbeatURL": f"{self.url}/heartbeat",
        }


class TwinHandler(BaseHTTPRequestHandler):
    def do_GET(self):
        match self.path:
            case "/students":
                self.answer(200, [self.server.student])
            case "/students/8":
                self.answer(200, self.server.student)
            case "/heartbeat":
                self.answer(200)
            case _:
                self.answer(404)

    def do_POST(self):
        document = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/students/8/grades":
            self.server.grades.append(document)
            self.answer(201, document)
        else:
            self.answer(200)

    def answer(self, status, document=None):
        body = b"" if document is None else json.dumps(document).encode() + b"\n"
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

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


async def test_a_foreign_grading_service_takes_the_place_of_ours(
    page, school_without_grading, twin
):
    school = school_without_grading
    await page.goto(school.portal)
    await shows(page, "h1", AWAY)
    await ask("POST", f"{school.registry}/services", twin.registration)
    await shows(page, "tbody th", "Blue, Gopher")  # the page has looked again by itself
    await page.get_by_role("link", name="Blue, Gopher").click()
    await add_grade(page, "Greek", "81,5")
    await shows(page, ".grades tbody th", "Latin", "Greek")
    assert twin.grades[1] == {"Title": "Greek", "Type": "Exam", "Score": 81.5}
    async with HTTPClient() as http:
        await http.request("DELETE", f"{school.registry}/services", body=twin.url.encode())
    await page.goto(school.portal)
    await shows(page, "h1", AWAY)
