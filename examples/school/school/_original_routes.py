"""The routes of the original grading service, as its callers know them, without its faults.

Every method has its own answer (405 for others), what is wrong is said in words, and a grade that
breaks the rules is refused.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping

from kitfox.core import Code, InvalidArgument, RPCError
from kitfox.net import Handler, SiteReply, SiteRequest
from school._documents import read_grade, write_grade, write_student, write_students
from school._web import path_id
from school.contract import Grading, Student

_STATUS = {
    Code.INVALID_ARGUMENT: 400,
    Code.NOT_FOUND: 404,
    Code.RESOURCE_EXHAUSTED: 429,
    Code.UNAVAILABLE: 503,
    Code.DEADLINE_EXCEEDED: 504,
}


def original_routes(
    grading: Grading, everyone: Callable[[], Awaitable[Iterable[Student]]]
) -> Mapping[str, Handler]:
    """Return what answers each route; the list comes from `everyone`, with all grades."""

    async def list_students(_: SiteRequest) -> SiteReply:
        return _json(200, write_students(await everyone()))

    async def get_student(request: SiteRequest) -> SiteReply:
        return _json(200, write_student(await grading.get_student(path_id(request, "student"))))

    async def add_grade(request: SiteRequest) -> SiteReply:
        student = path_id(request, "student")
        try:
            new = read_grade(request.body)
        except ValueError as error:
            raise InvalidArgument(str(error)) from None
        added = await grading.add_grade(student, new.title, new.type, new.score)
        return _json(201, write_grade(added))

    return {
        "GET /students": _in_words(list_students),
        "GET /students/{student}": _in_words(get_student),
        "POST /students/{student}/grades": _in_words(add_grade),
    }


def _json(status: int, body: bytes) -> SiteReply:
    return SiteReply(status, body, "application/json")


def _in_words(handler: Handler) -> Handler:
    """Answer what goes wrong with its status and its text."""

    async def answer(request: SiteRequest) -> SiteReply:
        try:
            return await handler(request)
        except RPCError as error:
            if (status := _STATUS.get(error.code)) is None:
                raise
            return SiteReply(status, f"{error}\n".encode())

    return answer
