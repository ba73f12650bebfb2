"""Calls with a key: done once, and answered as often as they are made."""

import asyncio
from collections.abc import AsyncIterator

import msgspec
import pytest

from kitfox import (
    Aborted,
    AlreadyExists,
    Call,
    DeadlineExceeded,
    Internal,
    InvalidArgument,
    ResourceExhausted,
    Service,
    Unavailable,
    current_call,
    fail_after,
    rpc,
)
from kitfox.core import Through
from kitfox.idempotency import MemoryAnswers, idempotency
from kitfox.net import HTTPClient
from kitfox.transports.http import HTTP, HTTPConnection
from kitfox.transports.memory import Memory


class Receipt(msgspec.Struct):
    number: int
    lines: list[str]


class Payments(Service):
    """Counts what it does; fails as it is told to."""

    def __init__(self):
        self.done = 0
        self.failures = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.started = asyncio.Event()

    @rpc
    async def charge(self, amount: int, tags: set[str] = frozenset()) -> Receipt:
        self.started.set()
        await self.gate.wait()
        self.done += 1
        current_call().reply_metadata["receipt"] = f"R{self.done}"
        if self.failures:
            raise self.failures.pop(0)
        return Receipt(self.done, [f"{amount}"])

    @rpc
    async def refund(self, amount: int) -> None:
        self.done += 1

    @rpc(idempotent=True)
    async def look(self) -> int:
        self.done += 1
        return self.done

    @rpc
    async def watch(self) -> AsyncIterator[int]:
        self.done += 1
        yield self.done


def with_key(key, identity=""):
    """Make a client's middleware that gives calls a key; collects their reply metadata."""
    seen = []

    def wrap(endpoint):
        async def call(call, message):
            if key is not None:
                call.metadata["idempotency-key"] = key
            try:
                return await endpoint(call, message)
            finally:
                seen.append(dict(call.reply_metadata))

        return call

    wrap.seen = seen
    return wrap


class Wall:
    now = 1_700_000_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def wall():
    return Wall()


@pytest.fixture
def payments():
    return Payments()


@pytest.fixture
async def till(payments, wall):
    """Serve payments that are done once; gives clients, by the key of their calls."""
    once = idempotency(
        MemoryAnswers(wall=wall), required=[Payments.refund], lease=60.0, keep=3600.0
    )
    memory = Memory()
    routes = {method: once(endpoint) for method, endpoint in payments.routes().items()}
    async with memory.listen(routes):
        yield lambda key: Payments.client(Through(memory, with_key(key)))


async def test_a_call_is_done_once_however_often_it_is_made(till, payments):
    first = await till("a").charge(5)
    assert await till("a").charge(5) == await till("a").charge(5) == first == Receipt(1, ["5"])
    assert payments.done == 1


async def test_another_key_is_another_call(till, payments):
    await till("a").charge(5)
    await till("b").charge(5)
    assert payments.done == 2


async def test_quotes_are_not_part_of_a_key(till, payments):
    await till('"a-1"').charge(5)
    await till("a-1").charge(5)
    assert payments.done == 1


async def test_an_answer_says_that_it_was_given_before_and_has_its_metadata(payments):
    once, memory, mark = idempotency(MemoryAnswers()), Memory(), with_key("a")
    routes = {method: once(endpoint) for method, endpoint in payments.routes().items()}
    async with memory.listen(routes):
        client = Payments.client(Through(memory, mark))
        await client.charge(5)
        await client.charge(5)
    first, second = mark.seen
    assert first == {"receipt": "R1"}
    assert second == {"receipt": "R1", "idempotency-replayed": "true"}


async def test_a_key_that_was_given_to_another_request_is_refused(till, payments):
    await till("a").charge(5)
    with pytest.raises(InvalidArgument, match="another request") as caught:
        await till("a").charge(6)
    assert caught.value.details["reason"] == "idempotency_key_reused"
    with pytest.raises(InvalidArgument, match="another request"):
        await till("a").refund(5)
    assert payments.done == 1


async def test_the_order_of_what_has_none_makes_no_other_request(till, payments):
    tags = [f"tag-{number}" for number in range(50)]
    await till("a").charge(5, tags=set(tags))
    await till("a").charge(5, tags={*tags[::-1]})
    assert payments.done == 1


async def test_while_the_first_call_runs_the_second_is_told_so(till, payments):
    payments.gate.clear()
    first = asyncio.create_task(till("a").charge(5))
    await payments.started.wait()
    with pytest.raises(Aborted, match="still runs") as caught:
        await till("a").charge(5)
    assert caught.value.details["retry_after"] == 1.0
    payments.gate.set()
    assert await first == await till("a").charge(5)
    assert payments.done == 1


async def test_an_error_is_an_answer(till, payments):
    payments.failures = [AlreadyExists("paid", details={"by": "ada"})]
    for _ in range(3):
        with pytest.raises(AlreadyExists, match="paid") as caught:
            await till("a").charge(5)
        assert caught.value.details == {"by": "ada"}
    assert payments.done == 1


async def test_a_handler_that_broke_may_have_done_its_work_so_it_is_not_run_again(till, payments):
    payments.failures = [RuntimeError("a bug")]
    for _ in range(2):
        with pytest.raises(Internal, match="internal error"):
            await till("a").charge(5)
    assert payments.done == 1


async def test_an_error_that_says_nothing_was_done_frees_the_key(till, payments):
    payments.failures = [Unavailable("the bank is closed")]
    with pytest.raises(Unavailable):
        await till("a").charge(5)
    assert await till("a").charge(5) == Receipt(2, ["5"])


async def test_when_the_caller_left_the_key_is_held_until_its_lease_is_over(till, payments, wall):
    payments.gate.clear()
    with pytest.raises(TimeoutError):
        await late(till)
    payments.gate.set()
    with pytest.raises(Aborted):
        await till("a").charge(5)
    wall.now += 60.0
    assert await till("a").charge(5) == Receipt(1, ["5"])


async def late(till):
    """Make a call that nobody waits for to the end."""
    async with fail_after(0.02):
        await till("a").charge(5)


async def test_no_call_outlives_its_lease(payments):
    once, memory = idempotency(MemoryAnswers(), lease=0.02), Memory()
    routes = {method: once(endpoint) for method, endpoint in payments.routes().items()}
    payments.gate.clear()
    async with memory.listen(routes):
        with pytest.raises(DeadlineExceeded):
            await Payments.client(Through(memory, with_key("a"))).charge(5)
    assert payments.done == 0


async def test_answers_are_forgotten_when_their_time_is_over(till, payments, wall):
    await till("a").charge(5)
    wall.now += 3600.0
    assert await till("a").charge(6) == Receipt(2, ["6"])


async def test_without_a_key_a_call_is_made_as_ever_unless_one_is_required(till, payments):
    await till(None).charge(5)
    await till(None).charge(5)
    with pytest.raises(InvalidArgument, match="asks for metadata") as caught:
        await till(None).refund(5)
    assert caught.value.details["reason"] == "idempotency_key_missing"
    assert payments.done == 2


async def test_a_reply_of_nothing_is_an_answer_too(till, payments):
    assert await till("a").refund(5) is None
    assert await till("a").refund(5) is None
    assert payments.done == 1


async def test_what_is_idempotent_by_itself_or_streams_is_none_of_its_business(till, payments):
    assert [await till("a").look(), await till("a").look()] == [1, 2]
    assert [number async for number in till("a").watch()] == [3]
    assert [number async for number in till("a").watch()] == [4]


@pytest.mark.parametrize("key", ["", '"', '""', '"a', 'a"b', "a b", "a,b", "x" * 256, '"\\a"'])
async def test_what_is_no_key_is_refused(till, payments, key):
    with pytest.raises(InvalidArgument, match="expected a string in quotes"):
        await till(key).charge(5)
    assert payments.done == 0


@pytest.mark.parametrize("key", ["x" * 255, '"a b"', '"a\\"b\\\\"', '"a,b"', "8e03978e-40d5-43dd"])
async def test_what_is_a_key_is_taken(till, payments, key):
    await till(key).charge(5)
    await till(key).charge(5)
    assert payments.done == 1


async def run_as(endpoint, identity, key):
    method = next(method for method in Payments().routes() if method.name == "Charge")
    call = Call(method, identity=identity)
    call.metadata["idempotency-key"] = key
    return await endpoint(call, 5)


async def test_each_caller_has_its_keys_for_itself():
    seen = []

    async def endpoint(call, message):
        seen.append(call.identity)
        return Receipt(len(seen), [])

    once = idempotency(MemoryAnswers())(endpoint)
    for _ in range(2):
        for caller in ("ada", "bob", ""):
            await run_as(once, caller, "1")
    assert seen == ["ada", "bob", ""]


async def test_names_and_keys_do_not_run_into_each_other():
    seen = []

    async def endpoint(call, message):
        seen.append(call.identity)
        return Receipt(len(seen), [])

    once = idempotency(MemoryAnswers())(endpoint)
    await run_as(once, "a", "bc")
    await run_as(once, "ab", "c")
    assert seen == ["a", "ab"]


class Broken(MemoryAnswers):
    """A store that is lost as soon as a key was claimed."""

    async def keep(self, key, owner, answer, *, seconds):
        raise Unavailable("the disk is full")

    async def release(self, key, owner):
        raise Unavailable("the disk is full")


async def test_what_was_done_is_told_even_if_it_cannot_be_kept(payments, caplog):
    once, memory = idempotency(Broken()), Memory()
    routes = {method: once(endpoint) for method, endpoint in payments.routes().items()}
    async with memory.listen(routes):
        client = Payments.client(Through(memory, with_key("a")))
        assert await client.charge(5) == Receipt(1, ["5"])
    assert "could not be kept" in caplog.text


async def test_a_key_that_cannot_be_freed_lapses(payments, caplog):
    once, memory = idempotency(Broken()), Memory()
    routes = {method: once(endpoint) for method, endpoint in payments.routes().items()}
    payments.failures = [ResourceExhausted("not today")]
    async with memory.listen(routes):
        client = Payments.client(Through(memory, with_key("a")))
        with pytest.raises(ResourceExhausted, match="not today"):
            await client.charge(5)
        with pytest.raises(Aborted):
            await client.charge(5)
    assert "will be when its lease is over" in caplog.text


async def test_a_reply_too_long_to_keep_is_not_done_again(payments, monkeypatch):
    monkeypatch.setattr("kitfox.idempotency._idempotency._LONGEST", 3)
    once, memory = idempotency(MemoryAnswers()), Memory()
    routes = {method: once(endpoint) for method, endpoint in payments.routes().items()}
    async with memory.listen(routes):
        client = Payments.client(Through(memory, with_key("a")))
        assert await client.charge(5) == Receipt(1, ["5"])
        with pytest.raises(Exception, match="too long to be kept"):
            await client.charge(5)
    assert payments.done == 1


def test_a_stream_cannot_require_a_key():
    with pytest.raises(ValueError, match="streams"):
        idempotency(MemoryAnswers(), required=[Payments.watch])


def test_only_a_method_can_require_a_key():
    with pytest.raises(TypeError, match="not marked with @rpc"):
        idempotency(MemoryAnswers(), required=[Payments.routes])


async def test_over_http_the_statuses_are_those_of_the_convention(payments):
    once = idempotency(MemoryAnswers(), required=[Payments.charge])
    routes = {method: once(endpoint) for method, endpoint in payments.routes().items()}
    async with HTTP(":0").listen(routes) as url, HTTPClient() as client:

        async def post(amount, *key):
            headers = [(b"content-type", b"application/json")]
            headers += [(b"Idempotency-Key", each) for each in key]
            body = b'{"amount": %d}' % amount
            reply = await client.request(
                "POST", f"{url}/Payments/Charge", headers=headers, body=body
            )
            return reply.status

        assert await post(5) == 400
        assert await post(5, b'"one"') == 200
        assert await post(5, b'"one"') == 200
        assert await post(6, b'"one"') == 422
        payments.gate.clear()
        payments.started.clear()
        running = asyncio.create_task(post(5, b'"two"'))
        await payments.started.wait()
        assert await post(5, b'"two"') == 409
        payments.gate.set()
        assert await running == 200
    assert payments.done == 2


async def test_over_http_a_reused_key_is_an_invalid_argument_to_clients_of_ours(payments):
    once = idempotency(MemoryAnswers())
    routes = {method: once(endpoint) for method, endpoint in payments.routes().items()}
    async with HTTP(":0").listen(routes) as url, HTTPConnection(url) as connection:
        client = Payments.client(Through(connection, with_key('"one"')))
        await client.charge(5)
        with pytest.raises(InvalidArgument, match="another request"):
            await client.charge(6)
