"""What the portal does at each of its addresses; what goes wrong altogether is its caller's."""

from collections.abc import Awaitable, Callable

from kitfox.core import (
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    ResourceExhausted,
    Unimplemented,
)
from kitfox.net import Handler, SiteReply, SiteRequest
from school._forms import (
    FieldErrors,
    Form,
    Typed,
    grade_form,
    parse_form,
    read_consent,
    read_grade,
    read_student,
    student_form,
)
from school._pages import Pages
from school._web import path_id
from school.contract import Grade, Grading, Student

# Refusals whose text helps whoever filled the form in.
_REFUSED = (FailedPrecondition, InvalidArgument, ResourceExhausted, Unimplemented)


class Views:
    """The handlers. Each form is shown again with what was typed when it is refused."""

    def __init__(self, grading: Grading, pages: Pages) -> None:
        self._grading = grading
        self._pages = pages

    def routes(self, *, editing: bool) -> dict[str, Handler]:
        """Return what answers where; without `editing` that is what the original portal has."""
        looking: dict[str, Handler] = {
            "GET /": self._home,
            "GET /students": self._students,
            "GET /students/{student}": self._student,
            "POST /students/{student}/grades": self._add_grade,
        }
        return looking | self._editing_routes() if editing else looking

    def _editing_routes(self) -> dict[str, Handler]:
        return {
            "GET /students/new": self._new_student,
            "POST /students": self._add_student,
            "GET /students/{student}/edit": self._edit_student,
            "POST /students/{student}": self._change_student,
            "POST /students/{student}/remove": self._remove_student,
            "GET /students/{student}/grades/{grade}": self._edit_grade,
            "POST /students/{student}/grades/{grade}": self._change_grade,
            "POST /students/{student}/grades/{grade}/remove": self._remove_grade,
        }

    async def _home(self, _: SiteRequest) -> SiteReply:
        return see_other("/students")

    async def _students(self, _: SiteRequest) -> SiteReply:
        return html(self._pages.students(await self._grading.list_students()))

    async def _student(self, request: SiteRequest) -> SiteReply:
        student = await self._grading.get_student(path_id(request, "student"))
        return html(self._pages.student(student, Form()))

    async def _add_grade(self, request: SiteRequest) -> SiteReply:
        student = path_id(request, "student")

        async def send(typed: Typed) -> str:
            grade = await self._grading.add_grade(student, *read_grade(typed))
            return f"/students/{student}#grade-{grade.id}"

        async def show(form: Form) -> str:
            return self._pages.student(await self._grading.get_student(student), form)

        return await _submit(request, send, show)

    async def _new_student(self, _: SiteRequest) -> SiteReply:
        return html(self._pages.new_student(Form()))

    async def _add_student(self, request: SiteRequest) -> SiteReply:
        async def send(typed: Typed) -> str:
            student = await self._grading.add_student(*read_student(typed))
            return f"/students/{student.id}"

        async def show(form: Form) -> str:
            return self._pages.new_student(form)

        return await _submit(request, send, show)

    async def _edit_student(self, request: SiteRequest) -> SiteReply:
        student = await self._grading.get_student(path_id(request, "student"))
        return html(self._pages.edit_student(student, student_form(student)))

    async def _change_student(self, request: SiteRequest) -> SiteReply:
        student = path_id(request, "student")

        async def send(typed: Typed) -> str:
            await self._grading.change_student(student, *read_student(typed))
            return f"/students/{student}"

        async def show(form: Form) -> str:
            return self._pages.edit_student(await self._grading.get_student(student), form)

        return await _submit(request, send, show)

    async def _remove_student(self, request: SiteRequest) -> SiteReply:
        student = path_id(request, "student")

        async def send(typed: Typed) -> str:
            read_consent(typed)
            await self._grading.remove_student(student)
            return "/students"

        async def show(form: Form) -> str:
            found = await self._grading.get_student(student)
            return self._pages.edit_student(found, form.over(student_form(found)))

        return await _submit(request, send, show)

    async def _edit_grade(self, request: SiteRequest) -> SiteReply:
        student, grade = await self._find(request)
        return html(self._pages.edit_grade(student, grade, grade_form(grade)))

    async def _change_grade(self, request: SiteRequest) -> SiteReply:
        student, grade = path_id(request, "student"), path_id(request, "grade")

        async def send(typed: Typed) -> str:
            await self._grading.change_grade(student, grade, *read_grade(typed))
            return f"/students/{student}#grade-{grade}"

        async def show(form: Form) -> str:
            return self._pages.edit_grade(*await self._find(request), form)

        return await _submit(request, send, show)

    async def _remove_grade(self, request: SiteRequest) -> SiteReply:
        student, grade = path_id(request, "student"), path_id(request, "grade")

        async def send(typed: Typed) -> str:
            read_consent(typed)
            await self._grading.remove_grade(student, grade)
            return f"/students/{student}"

        async def show(form: Form) -> str:
            owner, found = await self._find(request)
            return self._pages.edit_grade(owner, found, form.over(grade_form(found)))

        return await _submit(request, send, show)

    async def _find(self, request: SiteRequest) -> tuple[Student, Grade]:
        number = path_id(request, "grade")
        student = await self._grading.get_student(path_id(request, "student"))
        for grade in student.grades:
            if grade.id == number:
                return student, grade
        raise NotFound(f"student {student.id} has no grade {number}")


def html(page: str, status: int = 200, headers: dict[str, str] | None = None) -> SiteReply:
    """Answer with a page, which shows grades and so is kept by nobody."""
    more = {"cache-control": "no-store", **(headers or {})}
    return SiteReply(status, page.encode(), "text/html; charset=utf-8", more)


def see_other(path: str) -> SiteReply:
    """Send the browser on, with GET; reloading the page it lands on sends nothing twice."""
    return SiteReply(303, headers={"location": path, "cache-control": "no-store"})


def typed_in(request: SiteRequest) -> dict[str, str]:
    """Return the form that a request brings; raises InvalidArgument when it brings none."""
    return parse_form(request.headers.get("content-type", ""), request.body)


async def _submit(
    request: SiteRequest,
    send: Callable[[Typed], Awaitable[str]],
    show: Callable[[Form], Awaitable[str]],
) -> SiteReply:
    """Go where `send` says; when the form is refused, `show` it with what is wrong."""
    typed = typed_in(request)
    try:
        return see_other(await send(typed))
    except FieldErrors as wrong:
        form = Form(typed, wrong.errors)
    except _REFUSED as refusal:
        form = Form(typed, trouble=str(refusal))
    return html(await show(form), 422)
