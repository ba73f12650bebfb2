"""From words to a request of the types that the method asks for."""

import pytest

from kitfox.cli._arguments import request
from kitfox.cli._exit import Exit, Failed

GRADE = '{"id": 1, "grade": {"title": "Quiz 1", "kind": "Quiz"}}'


def made(grading, *pairs: str, data: str | None = GRADE) -> dict[str, object]:
    return request(grading.methods[0], pairs, data, grading.types)


@pytest.mark.parametrize(
    ("pair", "value"),
    [
        ("id=7", 7),
        ("weight=7", 7),
        ("weight=0.5", 0.5),
        ("final=true", True),
        ("note=7", "7"),
        ("note=null", None),
        ("note=a=b", "a=b"),
        ('note="quoted"', '"quoted"'),
        ('tags=["a"]', ["a"]),
        ('grade={"title": "x"}', {"title": "x"}),
        ("extra=7", 7),
        ("extra=seven", "seven"),
    ],
)
def test_a_value_has_the_type_of_its_field(grading, pair: str, value: object):
    name = pair.partition("=")[0]
    assert made(grading, pair)[name] == value


def test_words_are_laid_over_the_data(grading):
    assert made(grading, "id=2", "note=late") == {
        "id": 2,
        "grade": {"title": "Quiz 1", "kind": "Quiz"},
        "note": "late",
    }


@pytest.mark.parametrize(
    ("pairs", "data", "message"),
    [
        (["id"], GRADE, 'expected name=value, got "id"'),
        (["id=x"], GRADE, 'id: expected integer, got "x"'),
        (["id=1.5"], GRADE, 'id: expected integer, got "1.5"'),
        (["final=yes"], GRADE, 'final: expected boolean, got "yes"'),
        (["tags=a"], GRADE, 'tags: expected [string], got "a"'),
        (
            ["grad={}"],
            GRADE,
            'school.v1.Grading.AddGrade has no field "grad"; did you mean "grade"?',
        ),
        ([], None, "school.v1.Grading.AddGrade needs id (integer), grade (Grade)"),
        ([], "[1]", "--data: expected an object, got [1]"),
        ([], "{", "--data: Input data was truncated"),
    ],
)
def test_what_the_method_cannot_take_is_refused_in_words(grading, pairs, data, message: str):
    with pytest.raises(Failed) as refused:
        made(grading, *pairs, data=data)
    assert str(refused.value).startswith(message)
    assert refused.value.code == Exit.USAGE
