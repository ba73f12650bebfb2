"""Calls are limited by a key, and who is refused is told when to come back."""

from math import inf

import pytest

from kitfox import ResourceExhausted, Service, fail_after, rpc
from kitfox.core import chain, retry_after
from kitfox.net import HTTPClient
from kitfox.resilience import (
    GCRA,
    Decision,
    Keyed,
    TokenBucket,
    by_caller,
    by_metadata,
    by_method,
    rate_limit,
)
from kitfox.transports.http import HTTP, HTTPConnection


async def refusal(endpoint, call):
    with pytest.raises(ResourceExhausted) as caught:
        await endpoint(call, 1)
    return caught.value


async def test_a_caller_that_had_its_share_is_refused_and_others_are_not(make_call, script, clock):
    limiter = Keyed(lambda: GCRA(rate=2.0, burst=2))
    endpoint = rate_limit(limiter, clock=clock)(answers := script("reply"))
    ada, bob = make_call(peer="192.0.2.1:4000"), make_call(peer="192.0.2.2:4000")
    assert [await endpoint(ada, 1), await endpoint(ada, 1)] == ["reply", "reply"]
    await refusal(endpoint, ada)
    assert await endpoint(bob, 1) == "reply"
    clock.now += 0.5
    assert await endpoint(ada, 1) == "reply"
    assert len(answers.calls) == 4


async def test_a_refusal_says_why_and_until_when(make_call, script, clock):
    endpoint = rate_limit(GCRA(rate=2.0, burst=1), clock=clock, name="calls")(script("reply"))
    await endpoint(make_call(), 1)
    call = make_call("add")
    error = await refusal(endpoint, call)
    assert error.details == {
        "reason": "rate_limit",
        "refused": "/a.B/add",
        "limit": 1,
        "remaining": 0,
        "reset": 0.5,
        "retry_after": 0.5,
    }
    assert retry_after(error) == 0.5
    assert dict(call.reply_metadata) == {
        "ratelimit-policy": '"calls";q=1;w=1',
        "ratelimit": '"calls";r=0;t=1',
    }


async def test_what_is_never_allowed_has_no_time_to_come_back(make_call, script, clock):
    endpoint = rate_limit(TokenBucket(0, 0), clock=clock)(script("reply"))
    error = await refusal(endpoint, make_call())
    assert "retry_after" not in error.details
    assert inf not in error.details.values()


async def test_replies_tell_what_is_left_only_if_they_shall(make_call, script, clock):
    limiter = TokenBucket(1.0, 10)
    quiet, telling = make_call(), make_call()
    await rate_limit(limiter, clock=clock)(script("reply"))(quiet, 1)
    await rate_limit(limiter, clock=clock, announce=True)(script("reply"))(telling, 1)
    assert not quiet.reply_metadata
    assert telling.reply_metadata["ratelimit"] == '"default";r=8;t=2'


async def test_an_infinite_limit_is_not_announced(make_call, script, clock):
    call = make_call()
    await rate_limit(TokenBucket(inf, 0), clock=clock, announce=True)(script("reply"))(call, 1)
    assert not call.reply_metadata


async def test_a_limiter_may_decide_elsewhere(make_call, script, clock):
    class Elsewhere:
        async def take(self, key, n, now):
            return Decision(
                allowed=key != "eve", limit=1, window=1, remaining=0, reset=1, retry_after=1
            )

    endpoint = rate_limit(Elsewhere(), key=by_metadata("who"), clock=clock)(script("reply"))
    assert await endpoint(make_call(metadata={"who": "ada"}), 1) == "reply"
    await refusal(endpoint, make_call(metadata={"who": "eve"}))


async def test_streams_are_limited_when_they_begin(make_call, script, clock):
    endpoint = rate_limit(GCRA(rate=1.0, burst=1), clock=clock)(script(None))
    await endpoint(make_call("watch"), 1)
    await refusal(endpoint, make_call("watch"))


async def test_a_key_that_is_very_long_takes_little_room(make_call, script, clock):
    keys = []

    class Noting:
        def take(self, key, n, now):
            keys.append(key)
            return GCRA(1.0, 1).take(key, n, now)

    endpoint = rate_limit(Noting(), key=by_metadata("who"), clock=clock)(script("reply"))
    for who in ("a" * 5000, "a" * 4999 + "b", "ada"):
        await endpoint(make_call(metadata={"who": who}), 1)
    await endpoint(make_call(), 1)
    assert len(set(keys)) == 4
    assert [len(key) for key in keys] == [64, 64, 3, 0]


@pytest.mark.parametrize(
    ("peer", "key"),
    [
        ("192.0.2.1:4000", "host 192.0.2.1"),
        ("2001:db8::1:4000", "host 2001:db8::/64"),
        ("[2001:db8::2]:4000", "host 2001:db8::/64"),
        ("::ffff:192.0.2.1:4000", "host 192.0.2.1"),
        ("unix:/run/a.sock:1:2", "host unix:/run/a.sock:1"),
        ("_INBOX.abc", "host _INBOX.abc"),
        ("", "host "),
    ],
)
def test_a_caller_is_known_by_its_host_until_it_proves_who_it_is(make_call, peer, key):
    assert by_caller(make_call(peer=peer), 1) == key
    assert by_caller(make_call(peer=peer, identity="ada"), 1) == "identity ada"


def test_nobody_can_call_itself_by_anothers_key(make_call):
    claims = make_call(identity="host 192.0.2.1")
    assert by_caller(claims, 1) != by_caller(make_call(peer="192.0.2.1:4000"), 1)


async def test_methods_may_have_limits_of_their_own(make_call, script, clock):
    endpoint = rate_limit(Keyed(lambda: GCRA(1.0, 1)), key=by_method, clock=clock)(script("reply"))
    await endpoint(make_call("get"), 1)
    await endpoint(make_call("add"), 1)
    await refusal(endpoint, make_call("get"))


async def test_limits_add_up(make_call, script, clock):
    hourly = rate_limit(GCRA(rate=3 / 3600, burst=3), clock=clock, name="hourly")
    secondly = rate_limit(GCRA(rate=1.0, burst=1), clock=clock, name="secondly")
    endpoint = chain(hourly, secondly)(script("reply"))
    await endpoint(make_call(), 1)
    assert (await refusal(endpoint, make_call())).details["retry_after"] == pytest.approx(1.0)


def test_a_name_that_a_header_could_not_hold_is_refused():
    with pytest.raises(ValueError, match="name"):
        rate_limit(GCRA(1.0, 1), name='a"b')


class Desk(Service, name="acme.v1.Desk"):
    """Answers."""

    @rpc
    async def greet(self) -> str:
        """Greet."""
        return "hello"


async def test_over_http_headers_say_what_the_details_say():
    limited = rate_limit(Keyed(lambda: GCRA(rate=0.01, burst=2)), announce=True)
    routes = {method: limited(endpoint) for method, endpoint in Desk().routes().items()}
    async with HTTP().listen(routes) as url, HTTPClient() as client, fail_after(10.0):
        json = [(b"content-type", b"application/json")]
        replies = [
            await client.request("POST", f"{url}/acme.v1.Desk/Greet", headers=json, body=b"{}")
            for _ in range(3)
        ]
        assert [reply.status for reply in replies] == [200, 200, 429]
        first, last = dict(replies[0].headers), dict(replies[2].headers)
        assert first[b"ratelimit-policy"] == b'"default";q=2;w=200'
        assert first[b"ratelimit"] == b'"default";r=1;t=100'
        assert last[b"ratelimit"].startswith(b'"default";r=0;t=')
        assert 99 <= int(last[b"retry-after"]) <= 100
        assert b"retry-after" not in first
        async with HTTPConnection(url) as connection:
            with pytest.raises(ResourceExhausted) as caught:
                await Desk.client(connection).greet()
            assert 90 < retry_after(caught.value) <= 100
