"""How much a call matters is told in its metadata, and carried on by the calls it causes."""

import pytest

from kitfox import Service, Through, current_call, fail_after, rpc
from kitfox.resilience import Criticality, carry_criticality, criticality_of
from kitfox.transports.http import HTTP, HTTPConnection
from kitfox.transports.memory import Memory

KEY = "kitfox-criticality"


@pytest.mark.parametrize("criticality", Criticality)
def test_a_call_says_its_class(make_call, criticality):
    assert criticality_of(make_call(metadata={KEY: criticality.value})) is criticality


@pytest.mark.parametrize("metadata", [None, {KEY: "most-important"}, {KEY: "CRITICAL"}])
def test_what_says_nothing_known_is_as_critical_as_most(make_call, metadata):
    assert criticality_of(make_call(metadata=metadata)) is Criticality.DEFAULT


class Far(Service, name="acme.v1.Far"):
    """What is called in the end."""

    @rpc
    async def how(self) -> str:
        """Say how critical the call was."""
        return criticality_of(current_call()).value


class Near(Service, name="acme.v1.Near"):
    """What is called first."""

    def __init__(self, far: Far) -> None:
        self._far = far

    @rpc
    async def how(self) -> str:
        """Ask further on."""
        return await self._far.how()


def saying(word):
    """Let calls say how critical they are."""

    def middleware(endpoint):
        async def say(call, message):
            call.metadata[KEY] = word
            return await endpoint(call, message)

        return say

    return middleware


@pytest.mark.parametrize(
    ("word", "own", "arrives"),
    [
        ("critical", [], "critical"),
        ("sheddable", [], "sheddable"),
        ("critical", [saying("sheddable")], "sheddable"),
    ],
)
async def test_a_handlers_own_calls_are_as_critical_as_the_one_it_serves(word, own, arrives):
    far, near = Memory(), HTTP()
    async with fail_after(10.0), far.listen(Far().routes()):
        service = Near(Far.client(Through(far, *own, carry_criticality())))
        async with near.listen(service.routes()) as url, HTTPConnection(url) as connection:
            assert await Near.client(Through(connection, saying(word))).how() == arrives
            assert await Near.client(connection).how() == ("default" if not own else arrives)


async def test_what_a_call_says_of_itself_counts_and_outside_of_calls_nothing_is_carried(
    make_call, script
):
    endpoint = carry_criticality()(script("reply"))
    call = make_call(metadata={KEY: "sheddable"})
    await endpoint(call, 1)
    assert call.metadata[KEY] == "sheddable"
    plain = make_call()
    await endpoint(plain, 1)
    assert plain.plain_metadata() == {}
