import datetime as dt
import decimal
import enum
import math
import uuid
from typing import Annotated, Literal

import msgspec
import pytest
from hypothesis import assume, given, strategies as st

from kitfox.schema._example import Examples


class Colour(enum.Enum):
    RED = "red"


class Leaf(msgspec.Struct, tag=True):
    colour: Colour


class Node(msgspec.Struct, tag=True):
    left: "Node | Leaf"
    right: "Node | None" = None
    others: list["Node"] = []
    named: dict[str, "Node"] = {}


class Row(msgspec.Struct, array_like=True):
    id: int
    name: str


TYPES = [
    bool,
    int,
    float,
    str,
    bytes,
    None,
    decimal.Decimal,
    uuid.UUID,
    dt.date,
    Annotated[dt.datetime, msgspec.Meta(tz=True)],
    Annotated[dt.time, msgspec.Meta(tz=True)],
    dt.timedelta,
    Colour,
    Literal["a", 1],
    int | None,
    Node,
    Row,
    list[Leaf],
    dict[str, int],
    tuple[int, str],
    tuple[int, ...],
    set[str],
    Annotated[str, msgspec.Meta(min_length=9)],
    Annotated[str, msgspec.Meta(max_length=2)],
    Annotated[list[int], msgspec.Meta(min_length=3)],
]


def example_of(hint):
    (schema,), components = msgspec.json.schema_components(
        [hint], ref_template="#/components/schemas/{name}"
    )
    return Examples(components).of(schema)


@pytest.mark.parametrize("hint", TYPES, ids=str)
def test_the_example_of_a_type_can_be_read_as_that_type(hint):
    written = msgspec.json.encode(example_of(hint))
    msgspec.json.decode(written, type=hint)


BOUNDS = st.none() | st.integers(-50, 50)


@given(st.sampled_from(["ge", "gt"]), BOUNDS, st.sampled_from(["le", "lt"]), BOUNDS)
def test_the_example_of_a_number_is_between_its_bounds(low, least, high, most):
    bounds = {key: at for key, at in ((low, least), (high, most)) if at is not None}
    assume(len(bounds) < 2 or most - least > 1)
    for kind in (int, float):
        hint = Annotated[kind, msgspec.Meta(**bounds)]
        msgspec.json.decode(msgspec.json.encode(example_of(hint)), type=hint)


@given(st.integers(1, 20), st.integers(-50, 50))
def test_the_example_of_a_multiple_is_one(step, least):
    value = example_of(Annotated[int, msgspec.Meta(multiple_of=step, ge=least)])
    assert value >= least
    assert math.fmod(value, step) == 0


def test_an_example_that_the_author_gave_is_taken():
    assert example_of(Annotated[str, msgspec.Meta(examples=["ada", "bob"])]) == "ada"


def test_a_default_that_says_something_is_taken():
    class Settings(msgspec.Struct):
        port: int = 8080
        name: str = ""

    assert example_of(Settings) == {"port": 8080, "name": "text"}


def test_the_example_of_a_type_that_contains_itself_ends():
    assert example_of(Node) == {
        "type": "Node",
        "left": {"type": "Leaf", "colour": "red"},
        "right": None,
        "others": [],
        "named": {},
    }
