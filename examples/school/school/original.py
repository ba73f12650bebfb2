"""Grading as the original system speaks it: the same contract over the original's routes.

A portal that asks for `OriginalGrading` works with the original grading service and with ours,
which answers both. The original can list, look up and add grades; the rest is Unimplemented.
"""

from abc import ABC
from collections.abc import Callable
from typing import NoReturn, TypeVar

from kitfox.app import InPlace
from kitfox.core import (
    Connection,
    Internal,
    InvalidArgument,
    NotFound,
    Unavailable,
    Unimplemented,
    Unreachable,
)
from kitfox.net import HTTPClient, HTTPError, HTTPReply
from school._documents import GradeDocument, read_grade, read_student, read_students, write_grade
from school.contract import Grade, GradeType, Grading, Student, Summary, summary
from school.portal import Portal, PortalSettings

T = TypeVar("T")

# The original gives grades no numbers of their own.
UNNUMBERED = 0


class OriginalGrading(Grading, ABC):
    """Grading, wherever it is asked by the original's routes instead of ours."""

    @staticmethod
    def dial(url: str, client: HTTPClient) -> Connection:
        """Return a connection to the grading service at `url`."""
        return InPlace(GradingAt(url, client))


def portal(grading: OriginalGrading, settings: PortalSettings) -> Portal:
    """Make a portal for the original system."""
    return Portal(grading, settings)


class GradingAt(OriginalGrading):
    """The grading service at one address."""

    def __init__(self, url: str, http: HTTPClient) -> None:
        self._url = url.rstrip("/")
        self._http = http

    async def list_students(self) -> tuple[Summary, ...]:
        return tuple(map(summary, _read(read_students, await self._ask("GET", "/students"))))

    async def get_student(self, id: int) -> Student:
        return _read(read_student, await self._ask("GET", f"/students/{id}"))

    async def add_grade(self, student: int, title: str, type: GradeType, score: float) -> Grade:
        body = write_grade(GradeDocument(title, type, score))
        added = _read(read_grade, await self._ask("POST", f"/students/{student}/grades", body))
        return Grade(UNNUMBERED, added.title, added.type, added.score)

    async def add_student(self, first_name: str, last_name: str) -> Student:
        _refuse()

    async def change_student(self, id: int, first_name: str, last_name: str) -> Student:
        _refuse()

    async def remove_student(self, id: int) -> None:
        _refuse()

    async def change_grade(
        self, student: int, grade: int, title: str, type: GradeType, score: float
    ) -> Grade:
        _refuse()

    async def remove_grade(self, student: int, grade: int) -> None:
        _refuse()

    async def _ask(self, verb: str, path: str, body: bytes = b"") -> bytes:
        headers = [(b"content-type", b"application/json")] if body else []
        try:
            reply = await self._http.request(
                verb, self._url + path, headers=headers, body=body, idempotent=verb == "GET"
            )
        except HTTPError as error:
            raise (Unavailable if error.sent else Unreachable)(str(error)) from error
        return _checked(reply, path)


def _checked(reply: HTTPReply, path: str) -> bytes:
    """Return the body of a reply that is what was asked for, or raise what it says instead."""
    match reply.status:
        case 200 | 201:
            return reply.body
        case 400:
            raise InvalidArgument(_text(reply) or "grading refuses that")
        case 404:
            raise NotFound(f"grading has no {path}")
        case 429 | 502 | 503 | 504:
            raise Unavailable(_text(reply))
        case status:
            raise Internal(f"grading answered {path} with {status}")


def _text(reply: HTTPReply) -> str:
    return reply.body[:200].decode(errors="replace").strip()


def _read(reader: Callable[[bytes], T], body: bytes) -> T:
    try:
        return reader(body)
    except ValueError as error:
        raise Internal(f"grading answered what cannot be read: {error}") from None


def _refuse() -> NoReturn:
    raise Unimplemented("the original grading service only lists, shows, and adds grades")
