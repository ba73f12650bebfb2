"""Whatever a type is made of: its values travel, and protoc reads what we say of it."""

import datetime as dt
import enum
import itertools
import uuid
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from google.protobuf import descriptor_pb2
from grpc_tools import protoc
from hypothesis import HealthCheck, given, settings, strategies as st

from kitfox.core import Kind, Method
from kitfox.schema import proto_of
from kitfox.schema.protobuf import ProtobufMessages, file_descriptor, proto_files


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Size(enum.IntEnum):
    NONE = 0
    LARGE = 40


TEXT = st.text(st.characters(codec="utf-8"), max_size=5)
INT64 = st.integers(-(1 << 63), (1 << 63) - 1)
# Types, each with its values.
PLAIN = [
    (bool, st.booleans()),
    (bytes, st.binary(max_size=5)),
    (float, st.floats(allow_nan=False)),
    (int, INT64),
    (str, TEXT),
    (dt.date, st.dates()),
    (dt.datetime, st.datetimes(timezones=st.just(dt.UTC))),
    (dt.time, st.times()),
    (dt.timedelta, st.timedeltas()),
    (Decimal, st.decimals(allow_nan=False)),
    (uuid.UUID, st.uuids()),
    (Colour, st.sampled_from(Colour)),
    (Size, st.sampled_from(Size)),
    (int | str, INT64 | TEXT),
]
NUMBERS = itertools.count()


def listed(of):
    kind, values = of
    return list[kind], st.lists(values, max_size=3)


def mapped(of):
    kind, values = of
    return dict[str, kind], st.dictionaries(TEXT, values, max_size=3)


def nullable(of):
    kind, values = of
    return kind | None, st.none() | values


def paired(of):
    (one, ones), (two, twos) = of
    return tuple[one, two], st.tuples(ones, twos)


def structured(of):
    fields = [(f"field{at}", kind) for at, (kind, _) in enumerate(of)]
    made = msgspec.defstruct(f"Struct{next(NUMBERS)}", fields)
    return made, st.builds(made, *(values for _, values in of))


def chosen(of):
    structs = [
        msgspec.defstruct(f"Choice{next(NUMBERS)}", [("value", kind)], tag=True) for kind, _ in of
    ]
    values = [st.builds(each, values) for each, (_, values) in zip(structs, of, strict=True)]
    return structs[0] | structs[1], st.one_of(values)


def larger(inner):
    return (
        inner.map(listed)
        | inner.map(mapped)
        | inner.map(nullable)
        | st.tuples(inner, inner).map(paired)
        | st.tuples(inner, inner).map(chosen)
        | st.lists(inner, min_size=1, max_size=3).map(structured)
    )


TYPES = st.recursive(st.sampled_from(PLAIN), larger, max_leaves=5)


def method_of(kind):
    """Give a method whose messages hold a value, and one that may be left out."""
    fields = [("value", kind), ("maybe", kind | None, None), ("more", list[kind], [])]
    holder = msgspec.defstruct("Holder", fields)
    return Method("acme.v1.Service", "Do", Kind.UNARY, holder, holder)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(TYPES, st.data())
def test_its_values_travel(of, data):
    kind, values = of
    method = method_of(kind)
    (file,) = proto_files([method])
    messages = ProtobufMessages(file)
    encode, decode = messages.encoder(method.request), messages.decoder(method.request)
    maybe, more = data.draw(st.none() | values), data.draw(st.lists(values, max_size=2))
    sent = method.request(data.draw(values), maybe, more)
    assert decode(encode(sent)) == sent


def test_a_field_may_be_called_as_a_method_of_protobufs():
    odd = msgspec.defstruct("Odd", [("HasField", int | None), ("SerializeToString", str)])
    (file,) = proto_files([Method("acme.v1.Service", "Do", Kind.UNARY, odd, odd)])
    messages = ProtobufMessages(file)
    assert messages.decoder(odd)(messages.encoder(odd)(odd(1, "a"))) == odd(1, "a")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("proto")


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(TYPES)
def test_protoc_reads_the_text_as_we_describe_it(folder, of):
    method = method_of(of[0])
    (file,) = proto_files([method])
    (folder / "a.proto").write_text(proto_of([method]))
    own = f"-I{Path(protoc.__file__).parent / '_proto'}"
    out = f"--descriptor_set_out={folder / 'set'}"
    assert protoc.main(["", own, f"-I{folder}", out, "a.proto"]) == 0
    found = descriptor_pb2.FileDescriptorSet.FromString((folder / "set").read_bytes()).file[0]
    assert said(found) == said(file_descriptor(file))


def said(file):
    """Give what a descriptor says without the names in JSON, which protoc always spells out."""
    for message in file.message_type:
        for field in itertools.chain(message.field, *(each.field for each in message.nested_type)):
            field.ClearField("json_name")
    file.name = ""
    return str(file)
