"""Endpoints that answer as they were told."""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from typing import TypedDict

import msgspec
import pytest

from kitfox import NotFound, Service, Unavailable, rpc
from kitfox.core import Through
from kitfox.testing import ScriptedEndpoint


class Fox(msgspec.Struct):
    name: str


class Boxed(msgspec.Struct):
    value: int


class Colour(TypedDict):
    red: int


class Foxes(Service, ABC):
    @rpc
    @abstractmethod
    async def get(self, id: int) -> Fox: ...

    @rpc
    @abstractmethod
    async def count(self) -> int: ...

    @rpc
    @abstractmethod
    async def boxed(self) -> Boxed: ...

    @rpc
    @abstractmethod
    async def colour(self) -> Colour: ...

    @rpc
    @abstractmethod
    async def feed(self, id: int) -> None: ...

    @rpc
    @abstractmethod
    def names(self) -> AsyncIterator[str]: ...

    @rpc
    @abstractmethod
    async def add(self, foxes: AsyncIterator[Fox]) -> int: ...


async def test_answers_are_given_in_order():
    script = ScriptedEndpoint(Fox("Vix"), NotFound("no fox 2"), Fox("Ren"))
    foxes = Foxes.client(script)
    assert await foxes.get(1) == Fox("Vix")
    with pytest.raises(NotFound, match="no fox 2"):
        await foxes.get(2)
    assert script.left == 1
    assert await foxes.get(3) == Fox("Ren")
    assert [request.id for request in script.requests] == [1, 2, 3]
    assert {call.method.name for call in script.calls} == {"Get"}


async def test_a_call_too_many_fails_the_test():
    script = ScriptedEndpoint(1)
    await Foxes.client(script).count()
    with pytest.raises(AssertionError, match="/Foxes/Count: call 2, and no answer is left"):
        await Foxes.client(script).count()


@pytest.mark.parametrize(
    ("name", "answer"),
    [("count", 7), ("boxed", Boxed(7)), ("colour", {"red": 7}), ("get", Fox("Vix"))],
)
async def test_an_answer_is_what_a_handler_returns(name, answer):
    call = getattr(Foxes.client(ScriptedEndpoint(answer)), name)
    assert await (call(1) if name == "get" else call()) == answer


async def test_nothing_is_an_answer_too():
    assert await Foxes.client(ScriptedEndpoint(None)).feed(1) is None


async def test_a_stream_is_its_items_and_may_break_among_them():
    foxes = Foxes.client(ScriptedEndpoint(["Vix", "Ren"], ["Vix", Unavailable("gone")], "Vix"))
    assert [name async for name in foxes.names()] == ["Vix", "Ren"]
    came = []
    with pytest.raises(Unavailable, match="gone"):
        async for name in foxes.names():
            came.append(name)
    assert came == ["Vix"]
    assert [name async for name in foxes.names()] == ["Vix"]


async def test_a_stream_of_requests_is_remembered_as_its_items():
    async def two():
        yield Fox("Vix")
        yield Fox("Ren")

    script = ScriptedEndpoint(2)
    assert await Foxes.client(script).add(two()) == 2
    assert script.requests == [[Fox("Vix"), Fox("Ren")]]


async def test_an_endpoint_may_take_an_answers_place():
    async def twice(call, message):
        return message.id * 2

    async def named(call, message):
        return Fox(f"fox {message.id}")

    assert await Foxes.client(ScriptedEndpoint(named)).get(3) == Fox("fox 3")
    with pytest.raises(AttributeError):
        await Foxes.client(ScriptedEndpoint(twice)).count()


async def test_middleware_is_tried_on_it():
    def marked(endpoint):
        async def call_marked(call, message):
            call.metadata["marked"] = "yes"
            return await endpoint(call, message)

        return call_marked

    script = ScriptedEndpoint(1)
    await Foxes.client(Through(script, marked)).count()
    assert script.calls[0].metadata["marked"] == "yes"
