"""What makes calls belong together."""

import pytest
from msgspec import Struct

from kitfox import Call, Kind, Metadata, Method
from kitfox.core import Empty, by_field, by_metadata, by_method


class Get(Struct):
    id: int | None


@pytest.fixture
def call():
    method = Method("Users", "Get", Kind.UNARY, Get, Empty)
    return Call(method, metadata=Metadata({"tenant": "acme"}))


@pytest.mark.parametrize("message", [Get(7), {"id": 7}, {"id": "7"}])
def test_the_key_may_be_a_field_of_the_request(call, message):
    assert by_field("id")(call, message) == "7"


@pytest.mark.parametrize("message", [Get(None), {}, object()])
def test_a_request_without_the_field_has_no_key(call, message):
    assert by_field("id")(call, message) is None


def test_the_key_may_be_in_the_metadata(call):
    assert by_metadata("Tenant")(call, None) == "acme"
    assert by_metadata("user")(call, None) is None


def test_the_key_may_be_the_method(call):
    assert by_method(call, None) == "/Users/Get"
