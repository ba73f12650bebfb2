"""What a handler raises is what its caller catches; what it did not mean to say stays at home."""

from collections.abc import AsyncIterator

import pytest

from kitfox import (
    Code,
    Internal,
    Kind,
    NotFound,
    RPCError,
    Service,
    Unavailable,
    Unknown,
    Unreachable,
    rpc,
)

CODES = [code for code in Code if code is not Code.OK]
TEXTS = [
    "",
    "plain",
    "zwei\nZeilen, ein\tTab",
    "Ада “quoted” 🦊",
    "a % b \\ c \" d ' e",
    "x" * 2000,
]
DETAILS = {
    "text": "Ада\n🦊",
    "number": 42,
    "negative": -(2**40),
    "fraction": 0.25,
    "yes": True,
    "nothing": None,
    "list": [1, "two", [3]],
    "nested": {"deeper": {"": "an empty key"}},
    "code": "a field of this name",
    "status": 200,
    "title": "another",
}


class NoSuchUser(NotFound):
    """A family member of the server's own, which its callers do not know."""


class Faulty(Service, name="laws.Faulty"):
    def __init__(self, error):
        self.error = error

    @rpc
    async def fail(self) -> int:
        raise self.error

    @rpc
    async def fail_after_two(self) -> AsyncIterator[int]:
        yield 1
        yield 2
        raise self.error

    @rpc
    async def fail_at_once(self) -> AsyncIterator[int]:
        raise self.error
        yield 1

    @rpc
    async def fail_upon(self, numbers: AsyncIterator[int]) -> int:
        async for _ in numbers:
            raise self.error
        return 0


@pytest.fixture
def caught(serve):
    """Call a method that raises `error`, and return what its caller caught."""

    async def catch(error, make=lambda client: client.fail()):
        async with serve(Faulty(error)) as connection:
            with pytest.raises(RPCError) as info:
                await make(Faulty.client(connection))
        return info.value

    return catch


@pytest.fixture
def caught_all(serve):
    """Raise one error after the other at one server, and return what its caller caught."""

    async def catch(errors):
        faulty, caught = Faulty(None), []
        async with serve(faulty) as connection:
            for faulty.error in errors:
                with pytest.raises(RPCError) as info:
                    await Faulty.client(connection).fail()
                caught.append(info.value)
        return caught

    return catch


def facts(errors):
    return [(type(error), error.code, error.message, dict(error.details)) for error in errors]


async def test_every_code_arrives_with_its_class_message_and_details(caught_all):
    errors = [RPCError.of(code, f"{code.word}\nsaid so", DETAILS) for code in CODES]
    assert len(errors) == 16
    assert facts(await caught_all(errors)) == facts(errors)


async def test_a_message_arrives_unchanged(caught_all):
    errors = [NotFound(text) for text in TEXTS]
    assert facts(await caught_all(errors)) == facts(errors)


async def test_an_error_without_a_class_is_unknown(caught):
    assert type(await caught(RPCError("who knows"))) is Unknown


async def test_an_unknown_member_of_the_family_arrives_as_its_nearest_relative(caught):
    error = await caught(NoSuchUser("no user 7"))
    assert (type(error), error.message) == (NotFound, "no user 7")


async def test_whom_a_handler_could_not_reach_says_nothing_of_its_own_call(caught):
    error = await caught(Unreachable("nobody at the store"))
    assert (type(error), error.message) == (Unavailable, "nobody at the store")


async def test_an_unknown_exception_is_hidden_from_the_caller_and_logged_whole(caught_all, caplog):
    errors = [kind("the secret") for kind in (ValueError, KeyError, TimeoutError)]
    hidden = (Internal, Code.INTERNAL, "internal error", {})
    assert facts(await caught_all(errors)) == [hidden] * 3
    records = [record for record in caplog.records if record.exc_info]
    assert [record.exc_info[1] for record in records] == errors
    assert all("/laws.Faulty/Fail" in record.getMessage() for record in records)


async def test_an_error_that_was_meant_is_not_logged(caught, caplog):
    await caught(NotFound("as usual"))
    assert [record for record in caplog.records if record.exc_info] == []


async def test_details_that_no_wire_can_carry_do_not_hide_the_error(caught_all):
    odd = [object(), {object(): 1}, "\ud800"]
    errors = [NotFound("what", details={"thing": thing}) for thing in odd]
    assert facts(await caught_all(errors)) == [(NotFound, Code.NOT_FOUND, "what", {})] * 3


async def test_the_two_sides_share_no_details(caught):
    details = {"list": [1]}
    error = await caught(NotFound("what", details=details))
    details["list"].append(2)
    assert error.details == {"list": [1]}


@pytest.mark.carries(Kind.SERVER_STREAM)
async def test_an_error_comes_after_the_replies_before_it(serve):
    seen = []
    async with serve(Faulty(NotFound("gone", details=DETAILS))) as connection:
        with pytest.raises(NotFound, match="gone") as info:
            async for number in Faulty.client(connection).fail_after_two():
                seen.append(number)
    assert seen == [1, 2]
    assert info.value.details == DETAILS


@pytest.mark.carries(Kind.SERVER_STREAM)
async def test_a_stream_may_fail_before_its_first_reply(caught):
    error = await caught(NotFound("none at all"), lambda client: anext(client.fail_at_once()))
    assert error.message == "none at all"


@pytest.mark.carries(Kind.SERVER_STREAM)
async def test_an_unknown_exception_is_hidden_in_a_stream_too(caught):
    error = await caught(ValueError("the secret"), lambda client: anext(client.fail_at_once()))
    assert (type(error), error.message) == (Internal, "internal error")


@pytest.mark.carries(Kind.CLIENT_STREAM)
async def test_a_handler_may_fail_before_the_requests_end(caught):
    async def endless():
        while True:
            yield 1

    error = await caught(NotFound("enough"), lambda client: client.fail_upon(endless()))
    assert error.message == "enough"
