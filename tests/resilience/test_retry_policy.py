"""When a call may be made again, decided without making any."""

import pytest

from kitfox.core import (
    Aborted,
    DataLoss,
    DeadlineExceeded,
    Internal,
    InvalidArgument,
    NotFound,
    ResourceExhausted,
    Unavailable,
    Unknown,
    Unreachable,
)
from kitfox.resilience import Backoff, Retry

NOW = 1000.0
PATH = "/a.B/add"


def wait(call, error, policy=None, attempt=1, draw=0.5):
    return (policy or Retry()).wait(call, error, attempt, NOW, draw)


@pytest.mark.parametrize("error", [Unavailable, Internal, Unknown, DeadlineExceeded, DataLoss])
def test_a_fault_of_the_server_is_tried_again_if_that_is_idempotent(make_call, error):
    assert wait(make_call("get"), error()) is not None
    assert wait(make_call("add"), error()) is None


@pytest.mark.parametrize("error", [InvalidArgument, NotFound, Aborted, ResourceExhausted])
def test_what_the_request_is_to_blame_for_is_not(make_call, error):
    assert wait(make_call("get"), error()) is None


def test_what_was_never_sent_is_safe_to_send(make_call):
    assert wait(make_call("add"), Unreachable()) is not None


def test_what_the_server_refused_to_begin_is_safe_too(make_call):
    refused = Unavailable(details={"refused": PATH, "reason": "overload"})
    assert wait(make_call("add"), refused) is not None


def test_the_refusal_of_another_call_further_down_says_nothing(make_call):
    assert wait(make_call("add"), Unavailable(details={"refused": "/a.Other/add"})) is None
    assert wait(make_call("add"), Unavailable(details={"reason": "overload"})) is None


def test_a_quota_is_tried_again_when_the_server_says_when(make_call):
    assert wait(make_call("get"), ResourceExhausted(details={"retry_after": 0.3})) == 0.3
    assert wait(make_call("add"), ResourceExhausted(details={"retry_after": 0.3})) is None


def test_what_a_breaker_refused_it_would_refuse_again(make_call):
    refused = Unavailable(details={"reason": "breaker"})
    assert wait(make_call("get"), refused) is None


async def test_after_the_first_reply_item_it_is_too_late(make_call):
    items = []

    async def take(item):
        items.append(item)

    call = make_call("watch", send=take)
    assert wait(call, Unavailable()) is not None
    await call.send(1)
    assert wait(call, Unavailable()) is None


def test_there_are_so_many_tries_and_no_more(make_call):
    policy = Retry(tries=3)
    assert [wait(make_call(), Unavailable(), policy, n) is None for n in (1, 2, 3)] == [
        False,
        False,
        True,
    ]


def test_the_wait_has_full_jitter_and_is_no_shorter_than_the_server_asked(make_call):
    policy = Retry(backoff=Backoff(base=0.4))
    assert wait(make_call(), Unavailable(), policy, draw=0.5) == 0.2
    assert wait(make_call(), Unavailable(details={"retry_after": 0.1}), policy, draw=0.5) == 0.2
    assert wait(make_call(), Unavailable(details={"retry_after": 0.3}), policy, draw=0.5) == 0.3


def test_a_wait_that_ends_after_the_deadline_is_not_begun(make_call):
    asked = Unavailable(details={"retry_after": 1.0})
    assert wait(make_call(seconds=1.5, now=NOW), asked) == 1.0
    assert wait(make_call(seconds=1.0, now=NOW), asked) is None


def test_without_a_deadline_patience_ends_all_the_same(make_call):
    assert wait(make_call(), Unavailable(details={"retry_after": 3600.0})) is None


def test_an_attempt_that_may_be_followed_by_another_gets_half_of_the_time_left(make_call):
    call, policy = make_call(seconds=2.0, now=NOW), Retry(tries=3)
    assert policy.until(call, 1, NOW).at == NOW + 1.0
    assert policy.until(call, 2, NOW + 1.0).at == NOW + 1.5
    assert policy.until(call, 3, NOW + 1.5) is call.deadline


@pytest.mark.parametrize("name", ["add", "watch"])
def test_what_is_not_tried_again_for_being_slow_gets_all_of_it(make_call, name):
    call = make_call(name, seconds=2.0, now=NOW)
    assert Retry().until(call, 1, NOW) is call.deadline
    assert Retry().until(make_call(name), 1, NOW) is None


@pytest.mark.parametrize("wrong", [{"tries": 0}, {"share": 0.0}, {"share": 1.5}])
def test_what_makes_no_sense_is_refused(wrong):
    with pytest.raises(ValueError, match="expected tries >= 1 and a share"):
        Retry(**wrong)
