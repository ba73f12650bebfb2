"""A call while it runs, and what guards its handler."""

import asyncio

import pytest

from kitfox import Call, Cancelled, Internal, Kind, Method, NotFound, current_call
from kitfox.core import mapped, served_call, serving, within_deadline
from kitfox.scope import Deadline, current_deadline

METHOD = Method("a.B", "C", Kind.SERVER_STREAM, int, int)


async def turns(count=5):
    for _ in range(count):
        await asyncio.sleep(0)


async def test_a_call_counts_what_it_sent():
    sent = []

    async def send(message):
        if message == "refused":
            raise LookupError
        sent.append(message)

    call = Call(METHOD, send=send)
    await call.send(1)
    with pytest.raises(LookupError):
        await call.send("refused")
    assert (sent, call.sent) == ([1], 1)


async def test_a_call_whose_method_does_not_stream_cannot_send():
    with pytest.raises(RuntimeError, match="does not stream replies"):
        await Call(METHOD).send(1)


async def test_a_sender_that_never_waits_lets_the_loop_turn_all_the_same():
    async def send(message):
        pass

    others = []
    asyncio.get_running_loop().call_soon(others.append, "had their turn")
    call = Call(METHOD, send=send)
    while not others:
        await call.send(1)
        assert call.sent < 1000


def test_a_call_reads_as_its_method_and_peer():
    assert repr(Call(METHOD)) == "<Call /a.B/C peer=->"
    assert repr(Call(METHOD, peer="127.0.0.1:1")) == "<Call /a.B/C peer=127.0.0.1:1>"


def test_metadata_of_two_calls_is_not_shared():
    Call(METHOD).metadata["a"] = "1"
    assert dict(Call(METHOD).metadata) == {}


async def test_while_it_is_served_a_call_is_current_and_its_deadline_in_force():
    call = Call(METHOD, deadline=Deadline.after(60))

    async def endpoint(seen, message):
        assert current_call() is seen is call
        assert current_deadline() is call.deadline
        return message

    assert await asyncio.create_task(serving(endpoint)(call, 7)) == 7
    with pytest.raises(LookupError):
        current_call()


async def test_what_an_endpoint_means_to_raise_leaves_as_it_is():
    error = NotFound("x")

    async def endpoint(call, message):
        raise error

    with pytest.raises(NotFound) as caught:
        await serving(endpoint)(Call(METHOD), 1)
    assert caught.value is error


async def test_what_it_does_not_mean_to_raise_is_logged_and_hidden(caplog):
    async def endpoint(call, message):
        raise ValueError("the secret")

    with pytest.raises(Internal, match=r"^internal error$") as caught:
        await serving(endpoint)(Call(METHOD), 1)
    assert caught.value.__suppress_context__
    (record,) = caplog.records
    assert (record.name, record.levelname) == ("kitfox.server", "ERROR")
    assert record.getMessage() == "/a.B/C failed"
    assert str(record.exc_info[1]) == "the secret"


async def test_a_cancellation_from_outside_is_a_cancellation():
    async def endpoint(call, message):
        await asyncio.Event().wait()

    task = asyncio.create_task(serving(endpoint)(Call(METHOD), 1))
    await turns()
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()


async def test_a_cancellation_from_within_is_an_error():
    async def endpoint(call, message):
        raise asyncio.CancelledError

    with pytest.raises(Cancelled, match="the handler was cancelled"):
        await asyncio.create_task(serving(endpoint)(Call(METHOD), 1))


async def test_a_timeout_of_the_endpoints_own_is_not_the_deadline():
    async def endpoint(call, message):
        raise TimeoutError("its own")

    with pytest.raises(TimeoutError, match="its own"):
        await within_deadline(endpoint, Call(METHOD, deadline=Deadline.after(60)), 1)


async def test_mapping_closes_the_generator_it_reads():
    closed = []

    async def numbers():
        try:
            yield 1
            yield 2
        finally:
            closed.append(True)

    doubled = mapped(numbers(), lambda number: number * 2)
    assert await anext(doubled) == 2
    await doubled.aclose()
    assert closed == [True]


async def test_what_is_no_async_iterator_is_refused_by_its_type():
    with pytest.raises(TypeError, match="expected an async iterator of requests, got list"):
        await anext(mapped([1], lambda number: number))


async def test_outside_of_a_handler_no_call_is_served():
    seen = []

    async def handler(call, message):
        seen.append(served_call())

    call = Call(METHOD)
    await asyncio.create_task(serving(handler)(call, None))
    assert seen == [call]
    assert served_call() is None
