"""What the end of a call says about its server."""

import asyncio

import pytest

from kitfox import Call, Code, Deadline, Kind, Metadata, Method, RPCError, Unavailable
from kitfox.core import Outcome, outcome_of, retry_after

METHOD = Method("a.B", "C", Kind.UNARY, int, int)
FAULTS = {
    Code.UNAVAILABLE,
    Code.INTERNAL,
    Code.UNKNOWN,
    Code.DEADLINE_EXCEEDED,
    Code.DATA_LOSS,
}
NEITHER = {Code.RESOURCE_EXHAUSTED, Code.CANCELLED}


def test_a_reply_speaks_for_the_server():
    assert outcome_of(Call(METHOD), None, 0.0) is Outcome.GOOD


@pytest.mark.parametrize("code", [code for code in Code if code is not Code.OK])
def test_a_code_speaks_against_the_server_only_when_the_server_is_to_blame(code: Code):
    expected = Outcome.FAULT if code in FAULTS else Outcome.GOOD
    expected = Outcome.NEITHER if code in NEITHER else expected
    assert outcome_of(Call(METHOD), RPCError.of(code), 0.0) is expected


@pytest.mark.parametrize(
    ("deadline", "outcome"),
    [
        (None, Outcome.NEITHER),
        (Deadline(10.0), Outcome.NEITHER),
        (Deadline(5.0), Outcome.FAULT),
        (Deadline(5.001), Outcome.FAULT),  # a timer may fire a little early
    ],
)
def test_who_gives_up_before_the_deadline_says_nothing(deadline, outcome: Outcome):
    call = Call(METHOD, deadline=deadline)
    assert outcome_of(call, asyncio.CancelledError(), 5.0) is outcome


def test_what_broke_on_this_side_says_nothing():
    assert outcome_of(Call(METHOD), TypeError("not a list"), 0.0) is Outcome.NEITHER


@pytest.mark.parametrize(
    ("said", "seconds"),
    [(1.5, 1.5), (2, 2.0), (0, 0.0), (-1, None), ("2", None), (True, None), (float("nan"), None)],
)
def test_a_server_may_say_when_to_ask_again(said: object, seconds: float | None):
    assert retry_after(Unavailable(details={"retry_after": said})) == seconds
    assert retry_after(Unavailable()) is None


async def test_another_attempt_shares_the_stream_and_has_a_deadline_of_its_own():
    sent: list[object] = []

    async def send(message: object) -> None:
        sent.append(message)

    call = Call(METHOD, metadata=Metadata({"a": "1"}), deadline=Deadline(9.0), send=send)
    call.identity, call.scopes, call.tried = "ada", frozenset({"read"}), ("one",)
    call.reply_metadata["b"] = "2"
    again = call.again(deadline=Deadline(4.0))
    again.metadata["a"] = "3"
    await again.send("item")
    assert (call.metadata["a"], again.deadline, dict(again.reply_metadata)) == (
        "1",
        Deadline(4.0),
        {},
    )
    assert (again.identity, again.scopes, again.tried) == ("ada", {"read"}, ("one",))
    assert (sent, call.sent, again.sent) == (["item"], 1, 1)
