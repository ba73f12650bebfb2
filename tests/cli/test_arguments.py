"""From words to a request of the types that the method asks for."""

from collections.abc import AsyncIterator
from typing import TypedDict

import pytest

from kitfox.cli._arguments import request, requests
from kitfox.cli._described import described
from kitfox.cli._exit import Exit, Failed
from kitfox.core import Service, methods_of, rpc
from kitfox.schema import describe

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


class Line(TypedDict):
    who: str
    drawing: bytes


class Chat(Service, name="acme.v1.Chat"):
    @rpc
    async def draw(self, lines: AsyncIterator[Line]) -> None: ...

    @rpc
    async def say(self, words: AsyncIterator[str]) -> None: ...

    @rpc
    async def sum(self, numbers: AsyncIterator[float]) -> None: ...

    @rpc
    async def store(self, value: bytes) -> None: ...


CHAT = described(describe(methods_of(Chat).values()))
METHODS = {method.name: method for method in CHAT.methods}


async def sent(method, *lines):
    async def come():
        for line in lines:
            yield line

    return [item async for item in requests(METHODS[method], come(), CHAT.types)]


@pytest.mark.parametrize(
    ("method", "lines", "items"),
    [
        ("Draw", [b'{"who": "ada", "drawing": "YQ=="}'], [{"who": "ada", "drawing": "YQ=="}]),
        ("Say", [b"hi there", b"", b'"hi"', b"7"], [{"value": t} for t in ("hi there", "hi", "7")]),
        ("Sum", [b"1", b"2.5"], [{"value": 1}, {"value": 2.5}]),
    ],
)
async def test_each_line_is_a_request_of_a_stream(method, lines, items):
    assert await sent(method, *lines) == items


@pytest.mark.parametrize(
    ("method", "line", "message"),
    [
        ("Draw", b"{", "line 2: Input data was truncated"),
        ("Draw", b"1", "line 2: expected an object, got 1"),
        ("Draw", b'{"who": "x"}', "line 2: acme.v1.Chat.Draw needs drawing (base64)"),
        ("Sum", b"one", 'line 2: expected number, got "one"'),
        ("Say", b"\xff", "line 2: is no UTF-8"),
    ],
)
async def test_a_line_that_the_method_cannot_take_is_named(method, line, message):
    with pytest.raises(Failed) as refused:
        await sent(method, b"", line)
    assert str(refused.value).startswith(message)


def test_a_sole_parameter_that_is_called_value_is_a_field_like_others():
    assert request(METHODS["Store"], ["value=YQ=="], None, CHAT.types) == {"value": "YQ=="}
