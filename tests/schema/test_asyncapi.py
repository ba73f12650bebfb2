"""The AsyncAPI document: whole, and true to the methods it was made of."""

import json
from collections.abc import AsyncIterator

import msgspec
import pytest

from kitfox.core import Service, methods_of, rpc
from kitfox.schema import asyncapi, describe


class Circle(msgspec.Struct, tag=True):
    radius: float


class Square(msgspec.Struct, tag=True):
    side: float


class Chat(Service, name="acme.v1.Chat"):
    @rpc(idempotent=True)
    async def last(self, room: str) -> str:
        """Return what was said last.

        In that room, that is.
        """

    @rpc
    async def draw(self, shapes: AsyncIterator[Circle | Square]) -> AsyncIterator[Circle]:
        yield Circle(1)


@pytest.fixture(scope="module")
def document():
    made = asyncapi("Chat", "1.2", describe(methods_of(Chat).values()))
    return json.loads(msgspec.json.encode(made))


def found(document, reference):
    place = document
    for part in reference.removeprefix("#/").split("/"):
        place = place[part]
    return place


def references(value):
    if isinstance(value, dict):
        if "$ref" in value:
            yield value["$ref"]
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            yield from references(part)


def test_each_reference_leads_somewhere(document):
    led = list(references(document))
    assert len(led) > 10
    assert all(found(document, reference) is not None for reference in led)


def test_a_method_receives_requests_at_its_name_and_replies_where_it_is_told(document):
    last = document["operations"]["acme.v1.Chat.Last"]
    assert last["action"] == "receive"
    assert found(document, last["channel"]["$ref"])["address"] == "acme.v1.Chat.Last"
    assert found(document, last["reply"]["channel"]["$ref"])["address"] is None
    (message,) = last["messages"]
    payload = found(
        document, found(document, found(document, message["$ref"])["$ref"])["payload"]["$ref"]
    )
    assert payload["properties"] == {"room": {"type": "string"}}


def test_docs_kinds_and_streams_are_told(document):
    last, draw = (document["operations"][f"acme.v1.Chat.{name}"] for name in ("Last", "Draw"))
    assert (last["summary"], last["description"]) == (
        "Return what was said last.",
        "In that room, that is.",
    )
    assert (last["x-kitfox-kind"], last["x-kitfox-idempotent"]) == ("unary", True)
    assert draw["x-kitfox-kind"] == "bidi_stream"
    streams = {name: channel["x-kitfox-stream"] for name, channel in document["channels"].items()}
    assert streams == {
        "acme.v1.Chat.Last.request": False,
        "acme.v1.Chat.Last.reply": False,
        "acme.v1.Chat.Draw.request": True,
        "acme.v1.Chat.Draw.reply": True,
    }


def test_a_union_has_no_discriminator_since_asyncapi_wants_another_kind(document):
    assert "discriminator" not in json.dumps(document)
    assert "anyOf" in json.dumps(document)
