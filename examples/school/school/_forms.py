"""The portal's forms: what was typed, what it means, what is wrong with it. No I/O."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar
from urllib.parse import parse_qsl

from kitfox.core import InvalidArgument
from school.contract import MOST_CHARACTERS, Grade, GradeType, Student

T = TypeVar("T")
Typed = Mapping[str, str]

# A browser's form has three fields.
MAX_FIELDS = 10

_FORM = "application/x-www-form-urlencoded"
_NUMBER = re.compile(r"[+-]?[0-9]{1,9}([.,][0-9]*)?")


@dataclass(frozen=True)
class Form:
    """A form as a page shows it: the texts by field, and what is wrong by field or altogether."""

    typed: Typed = field(default_factory=dict[str, str])
    errors: Mapping[str, str] = field(default_factory=dict[str, str])
    trouble: str = ""

    @property
    def valid(self) -> bool:
        """Whether there is nothing to say about it."""
        return not self.errors and not self.trouble

    def over(self, other: "Form") -> "Form":
        """Return this form's complaints over another's texts."""
        return Form(other.typed, self.errors, self.trouble)


class FieldErrors(Exception):
    """What is wrong with a form, by field."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {error}" for name, error in errors.items()))
        self.errors = errors


class GradeFields(NamedTuple):
    """What a grade form says."""

    title: str
    type: GradeType
    score: float


class StudentFields(NamedTuple):
    """What a student form says."""

    first_name: str
    last_name: str


def parse_form(content_type: str, body: bytes) -> dict[str, str]:
    """Return the fields of a form; of a field sent twice, the last.

    Raises InvalidArgument when it is no form as browsers send them.
    """
    if content_type.partition(";")[0].strip().lower() != _FORM:
        raise InvalidArgument(f"expected a form, {_FORM}")
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS
        )
    except ValueError:
        raise InvalidArgument(f"not a form of at most {MAX_FIELDS} fields in UTF-8") from None
    return dict(pairs)


def read_grade(typed: Typed) -> GradeFields:
    """Return what a grade form says; raises FieldErrors."""
    errors: dict[str, str] = {}
    title = _read(typed, "Title", _title, errors)
    kind = _read(typed, "Type", _type, errors)
    score = _read(typed, "Score", _score, errors)
    if title is None or kind is None or score is None:
        raise FieldErrors(errors)
    return GradeFields(title, kind, score)


def read_student(typed: Typed) -> StudentFields:
    """Return what a student form says; raises FieldErrors."""
    errors: dict[str, str] = {}
    first = _read(typed, "FirstName", _name, errors)
    last = _read(typed, "LastName", _name, errors)
    if first is None or last is None:
        raise FieldErrors(errors)
    return StudentFields(first, last)


def read_consent(typed: Typed) -> None:
    """Check that the box was ticked that stands before every removal; raises FieldErrors."""
    if typed.get("Sure") != "yes":
        raise FieldErrors({"Sure": "Tick the box first: what is removed does not come back."})


def grade_form(grade: Grade) -> Form:
    """Return the form that says what a grade is now."""
    return Form({"Title": grade.title, "Type": grade.type.value, "Score": number(grade.score)})


def student_form(student: Student) -> Form:
    """Return the form that says what a student is called now."""
    return Form({"FirstName": student.first_name, "LastName": student.last_name})


def number(value: float) -> str:
    """Write a score: two decimals at most, none where there are none."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _read(typed: Typed, name: str, parse: Callable[[str], T], errors: dict[str, str]) -> T | None:
    try:
        return parse(typed.get(name, "").strip())
    except ValueError as error:
        errors[name] = str(error)
        return None


def _title(text: str) -> str:
    return _text(text, "Say what it was about, such as “Algebra”.")


def _name(text: str) -> str:
    return _text(text, "Every student has one.")


def _text(text: str, missing: str) -> str:
    if not text:
        raise ValueError(missing)
    if len(text) > MOST_CHARACTERS:
        raise ValueError(f"At most {MOST_CHARACTERS} characters; these are {len(text)}.")
    return text


def _type(text: str) -> GradeType:
    try:
        return GradeType(text)
    except ValueError:
        raise ValueError("Choose what it was given for.") from None


def _score(text: str) -> float:
    if not text:
        raise ValueError("Enter a number from 0 to 100.")
    if (match := _NUMBER.fullmatch(text)) is None:
        raise ValueError(f"“{text[:20]}” is no number. Enter one from 0 to 100.")
    if len(match[1] or "") > 3:
        raise ValueError("Two decimals are enough.")
    score = float(text.replace(",", "."))
    if not 0 <= score <= 100:
        raise ValueError("A score is from 0 to 100.")
    return score
