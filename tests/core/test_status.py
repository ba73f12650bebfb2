"""The codes and the family of exceptions that carries them."""

import copy
import pickle

import pytest

from kitfox import Code, DeadlineExceeded, NotFound, RPCError, Unavailable, core
from kitfox.core import Unreachable

GOOGLE_RPC = [
    "ok",
    "cancelled",
    "unknown",
    "invalid_argument",
    "deadline_exceeded",
    "not_found",
    "already_exists",
    "permission_denied",
    "resource_exhausted",
    "failed_precondition",
    "aborted",
    "out_of_range",
    "unimplemented",
    "internal",
    "unavailable",
    "data_loss",
    "unauthenticated",
]
ERRORS = [code for code in Code if code is not Code.OK]


def test_codes_have_the_numbers_and_words_of_google_rpc():
    assert [(code.value, code.word) for code in Code] == list(enumerate(GOOGLE_RPC))


@pytest.mark.parametrize("code", ERRORS)
def test_every_code_has_a_class_of_its_name(code):
    error = RPCError.of(code, "why", {"a": 1})
    assert type(error) is getattr(core, code.name.title().replace("_", ""))
    assert (error.code, error.message, error.details) == (code, "why", {"a": 1})


def test_ok_is_no_error():
    with pytest.raises(ValueError, match="OK is not an error"):
        RPCError.of(Code.OK)


def test_classes_of_different_codes_are_not_related():
    kinds = [type(RPCError.of(code)) for code in ERRORS]
    assert not [(a, b) for a in kinds for b in kinds if a is not b and issubclass(a, b)]


def test_a_deadline_that_passed_is_a_timeout_too():
    with pytest.raises(TimeoutError):
        raise DeadlineExceeded


def test_a_call_that_was_never_sent_is_unavailable():
    assert issubclass(Unreachable, Unavailable)
    assert type(RPCError.of(Code.UNAVAILABLE)) is Unavailable


def test_an_error_reads_as_its_message_or_its_code():
    assert str(NotFound("no user 7")) == "no user 7"
    assert str(NotFound()) == "not found"


def test_details_default_to_none_of_anybodys():
    first, second = NotFound(), NotFound()
    assert first.details == {}
    assert first.details is not second.details


@pytest.mark.parametrize("code", ERRORS)
@pytest.mark.parametrize("way", [copy.copy, lambda error: pickle.loads(pickle.dumps(error))])
def test_an_error_survives_being_copied(code, way):
    error = way(RPCError.of(code, "why", {"a": 1}))
    assert (error.code, error.message, error.details) == (code, "why", {"a": 1})
