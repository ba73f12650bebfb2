"""Texts that stand for bytes, wherever they are."""

import pytest

from kitfox.cli._bytes import with_bytes
from kitfox.cli._json_schema import Schema

BYTES = Schema(type="string", content_encoding="base64")
TEXT = Schema(type="string")
TYPES = {"Photo": Schema(type="object", properties={"data": BYTES, "name": TEXT})}
PHOTO = Schema(ref="#/$defs/Photo")


@pytest.mark.parametrize(
    ("value", "schema", "made"),
    [
        ("YQ==", BYTES, b"a"),
        ("YQ==", TEXT, "YQ=="),
        ("YQ==", Schema(), "YQ=="),
        ("YQ", BYTES, "YQ"),  # its receiver tells what is wrong with it
        (7, BYTES, 7),
        (["YQ=="], Schema(type="array", items=BYTES), [b"a"]),
        (["YQ=="], Schema(type="array"), ["YQ=="]),
        ({"data": "YQ==", "name": "YQ=="}, PHOTO, {"data": b"a", "name": "YQ=="}),
        ({"x": "YQ=="}, Schema(type="object", additional_properties=BYTES), {"x": b"a"}),
        ({"x": {"data": "YQ=="}}, Schema(properties={"x": PHOTO}), {"x": {"data": b"a"}}),
        (None, Schema(any_of=(BYTES, Schema(type="null"))), None),
        ("YQ==", Schema(any_of=(Schema(type="null"), BYTES)), b"a"),
        (7, Schema(any_of=(Schema(type="null"), BYTES)), 7),
    ],
)
def test_a_text_becomes_bytes_only_where_the_schema_says_so(value, schema, made):
    assert with_bytes(value, schema, TYPES) == made
