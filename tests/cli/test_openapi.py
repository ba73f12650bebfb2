"""What a server says of its methods, as their callers see it."""

import json

import pytest

from kitfox.cli._openapi import read_openapi
from kitfox.cli._signature import signature


def document(method: str, reply: str, fields: dict[str, object]) -> bytes:
    """Return what a server says of one method whose reply is the message `reply`."""
    media = {"schema": {"$ref": f"#/components/schemas/{reply}"}}
    operation = {
        "operationId": f"school.v1.Grading.{method}",
        "responses": {"200": {"content": {"application/json": media}}},
    }
    message = {"title": reply, "type": "object", "properties": fields, "required": [*fields]}
    written = {
        "paths": {f"/school.v1.Grading/{method}": {"post": operation}},
        "components": {"schemas": {reply: message}},
    }
    return json.dumps(written).encode()


NUMBER = {"type": "number"}
NAMES = {"type": "array", "items": {"type": "string"}}


@pytest.mark.parametrize(
    ("method", "reply", "fields", "says", "message", "value"),
    [
        ("Names", "GradingNamesReply", {"value": NAMES}, "[string]", {"value": ["Ada"]}, ["Ada"]),
        ("Weigh", "Weight", {"value": NUMBER}, "Weight", {"value": 1.5}, {"value": 1.5}),
        ("Sum", "GradingSumReply", {"a": NUMBER}, "GradingSumReply", {"a": 1}, {"a": 1}),
        ("Forget", "Empty", {}, "null", {}, None),
    ],
)
def test_a_reply_is_what_the_method_returns_and_not_what_carries_it(
    method, reply, fields, says, message, value
):
    (described,) = read_openapi(document(method, reply, fields)).methods
    assert signature(described) == f"{method}() -> {says}"
    assert described.value_of(message) == value
