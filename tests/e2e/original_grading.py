"""A grading service of the original kind, as somebody without kitfox would write it.

`python original_grading.py REGISTRY` registers, prints its URL, and serves until it is killed. It
knows nothing but the standard library and the original protocol; `/providers` shows what it was
told.
"""

import json
import sys
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PROVIDERS = []
STUDENTS = {
    1: {"ID": 1, "FirstName": "Olga", "LastName": "Original", "Grades": None},
    2: {"ID": 2, "FirstName": "Otto", "LastName": "Original", "Grades": []},
}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        match self.path.strip("/").split("/"):
            case ["heartbeat"]:
                self.answer(200)
            case ["providers"]:
                self.answer(200, PROVIDERS)
            case ["students"]:
                self.answer(200, list(STUDENTS.values()))
            case ["students", id]:
                self.answer(200, STUDENTS[int(id)])

    def do_POST(self):
        sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        match self.path.strip("/").split("/"):
            case ["services"]:
                self.patch(sent)
            case ["students", id, _]:
                self.grade(STUDENTS[int(id)], sent)

    def patch(self, patch):
        PROVIDERS.extend(patch["Added"] or [])
        for provider in patch["Removed"] or []:
            PROVIDERS.remove(provider)
        self.answer(200)

    def grade(self, student, grade):
        student["Grades"] = [*(student["Grades"] or []), grade]
        for provider in PROVIDERS:
            if provider["Name"] == "LogService":
                post(
                    f"{provider['URL']}/log", f"[GradingService] - {grade['Title']}\n", "text/plain"
                )
        self.answer(201, grade)

    def answer(self, status, document=None):
        body = b"" if document is None else json.dumps(document).encode() + b"\n"
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def post(url, text, kind):
    request = urllib.request.Request(url, text.encode(), {"Content-Type": kind})
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.status == 200


def main():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://localhost:{server.server_port}"
    registration = {
        "ServiceName": "GradingService",
        "ServiceURL": url,
        "RequiredServices": ["LogService"],
        "ServiceUpdateURL": f"{url}/services",
        "HeartbeatURL": f"{url}/heartbeat",
    }
    post(f"{sys.argv[1]}/services", json.dumps(registration), "application/json")
    sys.stdout.write(f"registered {url}\n")
    sys.stdout.flush()
    threading.Event().wait()


main()
