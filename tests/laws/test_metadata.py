"""What is said beside a message arrives as it was said, in both directions."""

from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from kitfox import InvalidArgument, Kind, NotFound, Service, current_call, rpc

ODD_BUT_LEGAL = {
    "empty": "",
    "quoted": "\"a 'b' `c`\"",
    "punctuation": "!#$%&()*+,-./:;<=>?@[]^_{|}~\\",
    "percent": "%41%0d%0a%00",
    "inner-spaces": "a  b   c",
    "list": "a, b; q=0.5, c",
    "dots.and_lines-too": "1",
    "0digit": "0",
    "long": "x" * 2000,
    "trace-bin": "AAEC/w==",
}
# Names that wires have a use for themselves: none may break a call, or change what it means.
NAMES_OF_WIRES = (
    "accept",
    "accept-encoding",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "date",
    "expect",
    "grpc-status",
    "grpc-timeout",
    "connect-timeout-ms",
    "host",
    "server",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "vary",
)


class Mirror(Service, name="laws.Mirror"):
    """Says back what it was told, beside the message and in it."""

    @rpc
    async def reflect(self) -> dict[str, str]:
        call = current_call()
        call.reply_metadata.update(call.metadata)
        return dict(call.metadata)

    @rpc
    async def say(self, key: str, value: str) -> None:
        current_call().reply_metadata[key] = value

    @rpc
    async def shatter(self) -> None:
        current_call().reply_metadata["piece"] = "of glass"
        raise NotFound("broken")

    @rpc
    async def shine(self) -> AsyncIterator[int]:
        call = current_call()
        call.reply_metadata["before"] = "first light"
        yield 1
        call.reply_metadata["after"] = "last light"


async def test_metadata_arrives_with_the_request_and_with_the_reply(serve, with_metadata):
    async with serve(Mirror()) as connection:
        through, calls = with_metadata(connection, {"x-tenant": "acme", "X-Trace": "1-2"})
        heard = await Mirror.client(through).reflect()
    assert heard["x-tenant"] == calls[0].reply_metadata["x-tenant"] == "acme"
    assert heard["x-trace"] == calls[0].reply_metadata["x-trace"] == "1-2"


async def test_odd_but_legal_values_arrive_unchanged(serve, with_metadata):
    async with serve(Mirror()) as connection:
        through, calls = with_metadata(connection, ODD_BUT_LEGAL)
        heard = await Mirror.client(through).reflect()
    assert {key: heard[key] for key in ODD_BUT_LEGAL} == ODD_BUT_LEGAL
    assert {key: calls[0].reply_metadata[key] for key in ODD_BUT_LEGAL} == ODD_BUT_LEGAL


async def test_a_name_that_the_wire_uses_itself_arrives_or_is_refused(serve, with_metadata):
    async with serve(Mirror()) as connection:
        for key in NAMES_OF_WIRES:
            through, _ = with_metadata(connection, {key: "7"})
            with suppress(InvalidArgument):
                assert (await Mirror.client(through).reflect())[key] == "7"
            assert key not in await Mirror.client(connection).reflect()


async def test_a_name_that_the_wire_uses_itself_does_not_break_a_reply(serve, with_metadata):
    async with serve(Mirror()) as connection:
        through, calls = with_metadata(connection, {})
        for key in NAMES_OF_WIRES:
            await Mirror.client(through).say(key, "7")
            assert calls[-1].reply_metadata.get(key, "7") == "7"


@pytest.mark.parametrize(
    "pair",
    [{"": "1"}, {"a\r\nb": "1"}, {"a": "\r\nset-cookie: no"}, {"a": "ünicode"}, {"a": " padded"}],
    ids=repr,
)
async def test_what_no_wire_could_carry_never_leaves(serve, with_metadata, pair):
    async with serve(Mirror()) as connection:
        through, _ = with_metadata(connection, pair)
        with pytest.raises(ValueError, match="metadata"):
            await Mirror.client(through).reflect()


async def test_each_call_has_metadata_of_its_own(serve, with_metadata):
    async with serve(Mirror()) as connection:
        first, _ = with_metadata(connection, {"x-only": "first"})
        assert (await Mirror.client(first).reflect())["x-only"] == "first"
        assert "x-only" not in await Mirror.client(connection).reflect()


async def test_metadata_comes_with_an_error_too(serve, with_metadata):
    async with serve(Mirror()) as connection:
        through, calls = with_metadata(connection, {})
        with pytest.raises(NotFound):
            await Mirror.client(through).shatter()
    assert calls[0].reply_metadata["piece"] == "of glass"


@pytest.mark.carries(Kind.SERVER_STREAM)
async def test_metadata_is_complete_when_a_stream_is_over(serve, with_metadata):
    async with serve(Mirror()) as connection:
        through, calls = with_metadata(connection, {})
        assert [ray async for ray in Mirror.client(through).shine()] == [1]
    assert calls[0].reply_metadata["before"] == "first light"
    assert calls[0].reply_metadata["after"] == "last light"
