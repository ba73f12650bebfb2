"""The portal's pages: from what is to be shown to HTML, everything escaped."""

from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from school._forms import Form, number
from school.contract import Grade, GradeType, Student, Summary

FOLDER = Path(__file__).parent / "pages"


class Pages:
    """All pages of one portal.

    `school` is its name, `style` and `icon` are the addresses of style sheet and icon. Without
    `editing` the pages offer to add grades only, as the original portal does.
    """

    def __init__(self, *, school: str, style: str, icon: str, editing: bool) -> None:
        self._templates = Environment(
            loader=FileSystemLoader(FOLDER),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._templates.filters["number"] = number
        self._shared = {
            "school": school,
            "style": style,
            "icon": icon,
            "editing": editing,
            "types": [kind.value for kind in GradeType],
        }

    def students(self, students: Sequence[Summary]) -> str:
        """Show the list."""
        return self._render("students.html", students=students)

    def student(self, student: Student, form: Form) -> str:
        """Show one student, and the form for another grade."""
        return self._render("student.html", student=student, form=form)

    def new_student(self, form: Form) -> str:
        """Show the form for another student."""
        return self._render("new_student.html", form=form)

    def edit_student(self, student: Student, form: Form) -> str:
        """Show the forms that change or remove a student."""
        return self._render("edit_student.html", student=student, form=form)

    def edit_grade(self, student: Student, grade: Grade, form: Form) -> str:
        """Show the forms that change or remove a grade."""
        return self._render("edit_grade.html", student=student, grade=grade, form=form)

    def away(self, path: str, typed: Form) -> str:
        """Say that there are no grades right now; keep what was typed, to be sent again."""
        return self._render("away.html", path=path, form=typed)

    def notice(self, title: str, text: str) -> str:
        """Say something went otherwise than asked."""
        return self._render("notice.html", title=title, text=text)

    def _render(self, template: str, **model: object) -> str:
        return self._templates.get_template(template).render(self._shared | model)
