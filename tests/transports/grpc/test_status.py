"""Errors as gRPC tells them."""

import pytest
from hypothesis import given, strategies as st

from kitfox import Cancelled, Code, NotFound, RPCError
from kitfox.transports.grpc._grpcio import Failure
from kitfox.transports.grpc._status import Statuses, text_of

KEY = "grpc-status-details-bin"


@pytest.fixture(scope="module")
def statuses():
    return Statuses()


def back(statuses, error):
    failure = Failure(error.code.name, text_of(error), tuple(statuses.trailers(error)))
    return statuses.error_of(failure)


@pytest.mark.parametrize("code", [code for code in Code if code is not Code.OK])
def test_an_error_comes_back_as_it_was(statuses, code):
    error = RPCError.of(code, "Ада\n", {"list": [1, {"deep": None}], "yes": True, "n": -0.5})
    again = back(statuses, error)
    assert (type(again), again.message, dict(again.details)) == (
        type(error),
        error.message,
        dict(error.details),
    )


def test_an_error_without_details_needs_no_trailers(statuses):
    assert statuses.trailers(NotFound("gone")) == []


def test_a_cancellation_is_marked_as_meant(statuses):
    assert [key for key, _ in statuses.trailers(Cancelled("stop"))] == [KEY]
    assert type(back(statuses, Cancelled("stop"))) is Cancelled


def test_details_too_long_for_a_peers_headers_are_left_out_and_that_is_logged(statuses, caplog):
    error = NotFound("gone", details={"much": "x" * 10_000})
    assert statuses.trailers(error) == []
    assert "left out" in caplog.text


def test_a_message_too_long_for_a_peers_headers_is_cut():
    assert len(text_of(NotFound("x" * 10_000))) == 2048
    assert text_of(NotFound("a" + "я" * 10_000)) == "a" + "я" * 341
    assert text_of(NotFound("lone \ud800")) == "lone ?"


@given(st.text(st.characters(codec="utf-8"), max_size=170))
def test_a_short_message_stays_as_it_is(text):
    assert text_of(NotFound(text)) == text
