"""What is written as protobuf is read again as it was."""

import datetime as dt
import enum
import math
import typing as t
import uuid
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal

import attrs
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from kitfox.core import Kind, Method
from kitfox.schema.protobuf import ProtobufMessages, proto_files


class Role(enum.Enum):
    READER = "reader"
    EDITOR = "editor"


class Level(enum.IntEnum):
    LOW = -1
    NONE = 0
    HIGH = 7


class Circle(msgspec.Struct, tag="circle"):
    radius: float


class Square(msgspec.Struct, tag="square"):
    side: int
    name: str = "square"


class Point(t.NamedTuple):
    x: int
    y: int = 5
    label: str | None = None


class Row(msgspec.Struct, array_like=True):
    a: int = 3
    b: str = "b"
    c: list[int] = []


class Folder(msgspec.Struct):
    name: str
    inside: list["Folder"] = []
    parent: "Folder | None" = None


@dataclass
class Grade:
    score: float
    notes: list[str] = field(default_factory=list)


@attrs.define
class Token:
    secret: bytes
    length: dt.timedelta


class Filter(t.TypedDict, total=False):
    name: str
    role: Role | None


class Plain(msgspec.Struct):
    integer: int
    number: float
    truth: bool
    text: str
    raw: bytes
    role: Role
    level: Level
    id: uuid.UUID
    amount: Decimal
    day: dt.date
    hour: dt.time
    word: t.Literal["yes", "no"]


class Maybe(msgspec.Struct, rename="camel"):
    an_integer: int = 4
    a_text: str | None = None
    must_be_told: int | None = 9
    needed: str | None = None
    a_role: Role = Role.EDITOR
    a_list: list[int] | None = None
    a_shape: Circle | Square | None = None
    left_out: str | msgspec.UnsetType = msgspec.UNSET
    of_two: tuple[int, ...] = (1, 2)


class Needed(msgspec.Struct):
    text: str | None
    items: list[str] | None
    shape: Circle | None
    either: int | str | None


class Held(msgspec.Struct):
    rows: list[list[int]]
    counts: dict[str, int]
    by_number: dict[int, Circle | Square]
    by_id: dict[uuid.UUID, list[str]]
    shapes: list[Circle | Square]
    gaps: list[int | None]
    pair: tuple[int, str]
    points: list[Point]
    row: Row
    roles: set[Role]
    folder: Folder
    when: list[dt.datetime]
    grade: Grade
    token: Token
    filter: Filter
    levels: dict[str, Level]


class Free(msgspec.Struct):
    anything: t.Any
    by_name: dict[str, t.Any]


def codec_of(message):
    method = Method("acme.v1.Service", "Do", Kind.UNARY, message, message)
    (file,) = proto_files([method])
    messages = ProtobufMessages(file)
    return messages.encoder(message), messages.decoder(message)


CODECS = {each: codec_of(each) for each in (Plain, Maybe, Needed, Held, Free)}

INT64 = st.integers(-(1 << 63), (1 << 63) - 1)
TEXT = st.text(st.characters(codec="utf-8"), max_size=20)
MOMENTS = st.datetimes(timezones=st.just(dt.UTC))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(1 << 53), 1 << 53) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
FOLDERS = st.recursive(
    st.builds(Folder, TEXT),
    lambda inner: st.builds(
        Folder, TEXT, inside=st.lists(inner, max_size=3), parent=st.none() | inner
    ),
    max_leaves=5,
)
CIRCLES = st.builds(Circle, st.floats(allow_nan=False))
SHAPES = CIRCLES | st.builds(Square, INT64, TEXT)
LITTLE = st.integers(0, 99)
HELD = st.builds(
    Held,
    rows=st.lists(st.lists(INT64, max_size=3), max_size=3),
    counts=st.dictionaries(TEXT, INT64, max_size=3),
    by_number=st.dictionaries(INT64, SHAPES, max_size=3),
    by_id=st.dictionaries(st.uuids(), st.lists(TEXT, max_size=2), max_size=2),
    shapes=st.lists(SHAPES, max_size=3),
    gaps=st.lists(st.none() | INT64, max_size=3),
    pair=st.tuples(INT64, TEXT),
    points=st.lists(st.builds(Point, LITTLE, LITTLE, st.none() | TEXT), max_size=2),
    row=st.builds(Row, LITTLE, TEXT, st.lists(LITTLE, max_size=2)),
    roles=st.sets(st.sampled_from(Role)),
    folder=FOLDERS,
    when=st.lists(MOMENTS, max_size=2),
    grade=st.builds(Grade, st.floats(allow_nan=False), st.lists(TEXT, max_size=2)),
    token=st.builds(Token, st.binary(max_size=9), st.timedeltas()),
    filter=st.fixed_dictionaries({}, optional={"name": TEXT, "role": st.just(Role.READER)}),
    levels=st.dictionaries(TEXT, st.sampled_from(Level), max_size=2),
)
PLAIN = st.builds(
    Plain,
    integer=INT64,
    number=st.floats(allow_nan=False),
    text=TEXT,
    amount=st.decimals(allow_nan=False),
    word=st.sampled_from(["yes", "no"]),
)
MAYBE = st.builds(
    Maybe,
    an_integer=INT64,
    a_text=st.none() | TEXT,
    must_be_told=st.none() | INT64,
    needed=st.none() | TEXT,
    a_role=st.sampled_from(Role),
    a_list=st.none() | st.lists(INT64, max_size=2),
    a_shape=st.none() | SHAPES,
    left_out=st.just(msgspec.UNSET) | TEXT,
    of_two=st.lists(INT64, max_size=3).map(tuple),
)
NEEDED = st.builds(
    Needed,
    text=st.none() | TEXT,
    items=st.none() | st.lists(TEXT, max_size=2),
    shape=st.none() | CIRCLES,
    either=st.none() | INT64 | TEXT,
)
FREE = st.builds(Free, anything=JSON, by_name=st.dictionaries(TEXT, JSON, max_size=3))


UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@UNHURRIED
@given(PLAIN | MAYBE | NEEDED | HELD | FREE)
def test_what_is_written_is_read_as_it_was(message):
    encode, decode = CODECS[type(message)]
    assert decode(encode(message)) == message


@UNHURRIED
@given(st.sampled_from(sorted(CODECS, key=lambda each: each.__name__)), st.binary(max_size=200))
def test_garbage_is_a_message_or_a_decode_error(message, garbage):
    _, decode = CODECS[message]
    with suppress(msgspec.DecodeError):
        assert isinstance(decode(garbage), message)


@UNHURRIED
@given(MAYBE, st.data())
def test_a_message_cut_short_is_a_message_or_a_decode_error(message, data):
    encode, decode = CODECS[Maybe]
    body = encode(message)
    with suppress(msgspec.DecodeError):
        assert isinstance(decode(body[: data.draw(st.integers(0, len(body)))]), Maybe)


def test_numbers_that_are_none_and_infinity_travel():
    encode, decode = codec_of(Grade)
    assert math.isnan(decode(encode(Grade(math.nan))).score)
    assert decode(encode(Grade(-math.inf))).score == -math.inf


def test_what_is_absent_takes_pythons_default():
    _, decode = CODECS[Maybe]
    assert decode(b"") == Maybe()


def test_a_time_keeps_its_moment_and_loses_its_zone():
    class Moment(msgspec.Struct):
        at: dt.datetime

    encode, decode = codec_of(Moment)
    there = dt.datetime(2026, 11, 22, 9, 30, 1, 5, tzinfo=dt.timezone(dt.timedelta(hours=5)))
    assert decode(encode(Moment(there))).at == there
    assert decode(encode(Moment(there))).at.tzinfo is dt.UTC


def test_a_time_without_a_zone_is_a_text_where_the_type_says_so():
    class Alarm(msgspec.Struct):
        at: t.Annotated[dt.datetime, msgspec.Meta(tz=False)]

    encode, decode = codec_of(Alarm)
    alarm = Alarm(dt.datetime.fromisoformat("2026-11-22T09:30"))
    assert decode(encode(alarm)) == alarm


def test_a_sequence_in_python_loses_no_place_to_an_absent_field():
    """A client of another make leaves out what is optional, in the middle too."""
    _, decode = codec_of(Row)
    assert decode(b"\x12\x01z") == Row(3, "z")  # field 2 alone


@pytest.mark.parametrize(
    ("message", "value", "field"),
    [
        (Plain, {"integer": "x"}, "integer"),
        (Grade, Grade("x"), "score"),
        (Grade, Grade(1.0, [1]), "notes"),
        (Folder, Folder("a", [Folder("b"), Folder(None)]), "inside[1].name"),
        (Folder, Folder("a", [Folder("b", [Folder("\ud800")])]), "inside[0].inside[0].name"),
        (Maybe, Maybe(an_integer=1 << 63), "anInteger"),
        (Free, Free(1 << 60, {}), "anything"),
    ],
)
def test_what_cannot_be_written_names_the_field(message, value, field):
    encode, _ = codec_of(message)
    with pytest.raises(TypeError) as caught:
        encode(value)
    assert field in str(caught.value)


def test_what_cannot_be_read_names_the_field():
    class Log(msgspec.Struct):
        entries: list[dt.datetime]

    _, decode = codec_of(Log)
    encode, _ = codec_of(Log)
    first = encode(Log([dt.datetime(2026, 1, 1, tzinfo=dt.UTC)]))
    late = b"\x0a\x07\x08" + b"\xff\xff\xff\xff\xff\x7f"  # a timestamp in the year 139,000
    with pytest.raises(msgspec.DecodeError, match=r"at `\$\.entries\[1\]`"):
        decode(first + late)


def test_a_constraint_of_the_type_is_checked_when_a_message_is_read():
    class Grown(msgspec.Struct):
        age: t.Annotated[int, msgspec.Meta(ge=18)]

    encode, decode = codec_of(Grown)
    with pytest.raises(msgspec.ValidationError, match=r"`int` >= 18 - at `\$\.age`"):
        decode(encode(Grown(7)))


def test_an_unknown_member_of_an_enum_is_refused_by_its_number():
    class Holder(msgspec.Struct):
        role: Role

    _, decode = codec_of(Holder)
    with pytest.raises(msgspec.ValidationError, match=r"Invalid enum value '9' - at `\$\.role`"):
        decode(b"\x08\x09")


def test_a_choice_that_was_not_made_is_a_field_that_is_missing():
    class Holder(msgspec.Struct):
        role: Role

    _, decode = codec_of(Holder)
    with pytest.raises(msgspec.ValidationError, match="missing required field `role`"):
        decode(b"")


def test_a_choice_that_was_said_to_be_none_takes_the_default():
    _, decode = CODECS[Maybe]
    assert decode(b"\x28\x00") == Maybe()  # field 5, ROLE_UNSPECIFIED


def test_each_member_of_a_union_keeps_its_type():
    class Value(msgspec.Struct):
        value: int | float | str | bool | None

    encode, decode = codec_of(Value)
    for value in (1, 1.0, "1", True, None):
        read = decode(encode(Value(value))).value
        assert (read, type(read)) == (value, type(value))


def test_types_in_streams_are_those_of_their_items():
    from kitfox.core import Service, methods_of, rpc

    class Counting(Service, name="acme.v1.Counting"):
        @rpc
        async def double(self, numbers: AsyncIterator[int]) -> AsyncIterator[int]:
            async for number in numbers:
                yield 2 * number

    method = methods_of(Counting)["double"]
    (file,) = proto_files([method])
    messages = ProtobufMessages(file)
    encode, decode = messages.encoder(method.request), messages.decoder(method.request)
    assert decode(encode(method.request(7))) == method.request(7)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (bytearray, bytearray(b"raw")),
        (memoryview, memoryview(b"raw")),
        (frozenset[int], frozenset({1, 2})),
        (dict, {"key": [1, "two", None]}),
        (list, [1, "two", None]),
        (dict[Role, int], {Role.READER: 1}),
        (dict[dt.date, dict[bool, int]], {dt.date(2026, 11, 22): {True: 1}}),
        (dict[str, dt.timedelta], {"back": dt.timedelta(-1, 5, 7)}),
        (dict[str, int | None], {"gap": None}),
        (t.Literal["a", 1] | None, 1),
        (int | dict[str, int] | list[int], {"key": 1}),
        (dt.datetime | int, dt.datetime(2026, 11, 22, tzinfo=dt.UTC)),
        (list[tuple[int, str | None]], [(1, None)]),
        (list[None], [None]),
        (tuple[()], ()),
        (None, None),
        (int | None | msgspec.UnsetType, msgspec.UNSET),
    ],
)
def test_types_of_all_sorts_travel(kind, value):
    holder = msgspec.defstruct("Holder", [("value", kind, msgspec.UNSET)])
    encode, decode = codec_of(holder)
    assert decode(encode(holder(value))) == holder(value)


def test_a_value_that_holds_itself_is_refused():
    folder = Folder("a")
    folder.inside.append(folder)
    encode, _ = codec_of(Folder)
    with pytest.raises(TypeError):
        encode(folder)
