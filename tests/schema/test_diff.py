"""What breaks callers of an old description, and what does not."""

import enum
from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal

import msgspec
import pytest

from kitfox.core import Service, methods_of, rpc
from kitfox.schema import Tag, describe, diff, read_description


def described(**methods):
    """Describe a service of these methods, each made of its request's and its reply's type."""
    made = {}
    for name, (request, reply) in methods.items():

        async def method(self, message): ...

        method.__annotations__ = {"message": request, "return": reply}
        made[name] = rpc(method)
    return describe(methods_of(type("Things", (Service,), made, name="test.Things")).values())


def fields(*pairs):
    return msgspec.defstruct("Fields", pairs)


def changes(old, new):
    """Describe a method that takes and returns `old`, then `new`; return what breaks, and where."""
    found = diff(described(do=(old, old)), described(do=(new, new)))
    return {
        (change.where.removeprefix("test.Things.Do "), change.what): change.breaking
        for change in found
    }


BASE = [("id", int), ("name", str)]


def test_nothing_has_changed_in_what_stayed_as_it_was():
    assert changes(fields(*BASE), fields(*BASE)) == {}


def test_a_method_that_is_gone_breaks_and_a_new_one_does_not():
    before, after = described(a=(str, str), b=(str, str)), described(b=(str, str), c=(str, str))
    assert diff(before, after) == [
        ("test.Things.A", "is gone", True),
        ("test.Things.C", "is new", False),
    ]


def test_a_method_of_another_kind_breaks():
    class Before(Service, name="test.S"):
        @rpc
        async def get(self) -> int: ...

    class After(Service, name="test.S"):
        @rpc
        async def get(self) -> AsyncIterator[int]:
            yield 1

    before, after = (describe(methods_of(each).values()) for each in (Before, After))
    assert diff(before, after) == [("test.S.Get", "is server stream, no longer unary", True)]


def test_a_method_that_is_idempotent_no_longer_breaks_those_who_repeat_it():
    class Plain(Service, name="test.S"):
        @rpc
        async def get(self) -> int: ...

    class Repeatable(Service, name="test.S"):
        @rpc(idempotent=True)
        async def get(self) -> int: ...

    plain, repeatable = (describe(methods_of(each).values()) for each in (Plain, Repeatable))
    assert [change.breaking for change in diff(repeatable, plain)] == [True]
    assert [change.breaking for change in diff(plain, repeatable)] == [False]


def test_a_new_field_breaks_callers_only_if_they_must_send_it():
    required, optional = ("size", int), ("size", int, 0)
    assert changes(fields(*BASE), fields(*BASE, optional)) == {
        ("request.size", "is new"): False,
        ("reply.size", "is new"): False,
    }
    assert changes(fields(*BASE), fields(*BASE, required)) == {
        ("request.size", "is new and required"): True,
        ("reply.size", "is new"): False,
    }


def test_a_field_that_is_gone_breaks():
    assert changes(fields(*BASE), fields(BASE[0])) == {
        ("request.name", "is gone"): True,
        ("reply.name", "is gone"): True,
    }


def test_a_field_in_another_place_breaks_the_binary_wires():
    assert changes(fields(*BASE), fields(*reversed(BASE))) == {
        (f"{part}.{name}", text): True
        for part in ("request", "reply")
        for name, text in (
            ("id", "has the number 2, no longer 1"),
            ("name", "has the number 1, no longer 2"),
        )
    }


def test_a_field_that_keeps_its_tag_may_move():
    one, two = ("id", Annotated[int, Tag(2)]), ("name", Annotated[str, Tag(1)])
    assert changes(fields(two, one), fields(one, two)) == {}
    assert set(changes(fields(*BASE), fields(one, BASE[1])).values()) == {True}


def test_who_must_send_a_field_and_who_may_rely_on_it_are_different_people():
    assert changes(fields(("id", int)), fields(("id", int, 0))) == {
        ("request.id", "is optional now"): False,
        ("reply.id", "is optional now"): True,
    }
    assert changes(fields(("id", int, 0)), fields(("id", int))) == {
        ("request.id", "is required now"): True,
        ("reply.id", "is required now"): False,
    }


class Few(enum.Enum):
    A = "a"


class Many(enum.Enum):
    A = "a"
    B = "b"


class Dog(msgspec.Struct, tag=True):
    name: str


class Cat(msgspec.Struct, tag=True):
    name: str


Short = Annotated[str, msgspec.Meta(max_length=10)]
Positive = Annotated[int, msgspec.Meta(ge=1)]


@pytest.mark.parametrize(
    ("narrow", "wide"),
    [
        (int, float),
        (int, int | None),
        (int | None, float | None),
        (int, Any),
        (Few, Many),
        (Few, str),
        (Literal[1], Literal[1, 2]),
        (Short, str),
        (Short, Annotated[str, msgspec.Meta(max_length=20)]),
        (Positive, int),
        (Positive, Annotated[int, msgspec.Meta(ge=0)]),
        (list[int], list[int | None]),
        (dict[str, Few], dict[str, Many]),
        (tuple[int, int], tuple[int, float]),
        (Annotated[list[int], msgspec.Meta(max_length=3)], list[int]),
        (list[Dog], list[Dog | Cat]),
        (str, str | list[str]),
    ],
)
def test_requests_may_widen_and_replies_may_narrow_and_never_the_other_way(narrow, wide):
    assert {part(key): broke for key, broke in changes(narrow, wide).items()} == {
        "request": False,
        "reply": True,
    }
    assert {part(key): broke for key, broke in changes(wide, narrow).items()} == {
        "request": True,
        "reply": False,
    }


def part(key):
    return key[0].partition(".")[0].partition("[")[0]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (int, str),
        (str, dict[str, int]),
        (list[int], dict[str, int]),
        (tuple[int, int], tuple[int]),
        (Dog, Cat),
    ],
)
def test_another_type_breaks_both_ways(old, new):
    assert set(changes(old, new).values()) == {True}


def test_a_change_deep_inside_is_named_by_its_path():
    def tree(leaf):
        inner = msgspec.defstruct("Inner", [("leaf", leaf)])
        return fields(("items", list[inner]))

    assert changes(tree(int), tree(str)) == {
        ("request.items[].leaf", "is string, no longer integer"): True,
        ("reply.items[].leaf", "is string, no longer integer"): True,
    }


class Folder(msgspec.Struct):
    name: str
    folders: list["Folder"] = []


def test_types_that_contain_themselves_come_to_an_end():
    assert changes(Folder, Folder) == {}


def test_a_description_is_the_same_after_it_was_written_and_read():
    made = described(get=(Folder, Dog | Cat), put=(fields(*BASE), Many))
    read = read_description(msgspec.json.encode(made))
    assert diff(made, read) == []
    assert msgspec.json.encode(read) == msgspec.json.encode(made)
