"""Ends of calls that die without a word: NATS tells nobody."""

import asyncio

import pytest

from kitfox import Unavailable, Unreachable, fail_after

HEADERS = {"Kitfox-Call": "1"}


class Mute:
    """A caller by hand, which begins calls and never answers."""

    def __init__(self, client):
        self._client = client
        self.inbox = client.new_inbox()

    async def begin(self, method):
        heard = await self._client.subscribe(f"{self.inbox}.>")
        await self._client.publish(f"acme.v1.Desk.{method}", b"{}", f"{self.inbox}.1", HEADERS)
        return heard


@pytest.mark.parametrize("method", ["Watch", "Stay", "Total"])
async def test_the_handler_of_a_caller_that_is_silent_is_cancelled(
    serve, plain, desk, eventually, method
):
    async with serve(desk), plain() as client:
        await Mute(client).begin(method)
        await eventually(lambda: desk.inside == 1)
        await eventually(lambda: desk.inside == 0)


async def test_a_caller_that_answers_keeps_its_handler(serve, dial, desk, eventually, plain):
    async with serve(desk), dial() as mine, plain() as client, fail_after(15):
        stays = asyncio.create_task(mine.stay())
        await eventually(lambda: desk.inside == 1)
        await Mute(client).begin("Stay")
        await eventually(lambda: desk.inside == 2)
        await eventually(lambda: desk.inside == 1)
        assert not stays.done()
        stays.cancel()
        await asyncio.wait([stays])


async def test_a_caller_that_gives_up_before_it_hears_of_its_server_tells_all_of_them(
    serve, plain, desk, eventually
):
    async with serve(desk, beat=60), plain() as client:
        mute = Mute(client)
        await mute.begin("Stay")
        await eventually(lambda: desk.inside == 1)
        await client.publish("$KITFOX.CANCEL.acme.v1.Desk", f"{mute.inbox}.1".encode())
        await eventually(lambda: desk.inside == 0)


async def test_a_server_drops_a_call_of_which_its_caller_says_it_has_no_such(
    serve, plain, desk, eventually
):
    """The cancellation was lost; at the next beat the caller says it again."""
    async with serve(desk), plain() as client, fail_after(15):
        heard = await (mute := Mute(client)).begin("Stay")
        while (message := await heard.next_msg()).subject != f"{mute.inbox}.running":
            pass
        assert message.data == b"1"
        assert desk.inside == 1
        await client.publish(f"{message.reply}.1.cancel")
        await eventually(lambda: desk.inside == 0)


async def test_a_caller_disowns_a_call_that_it_does_not_make(dial, plain):
    async with plain() as client, dial() as mine, fail_after(15):
        asked = await client.subscribe("acme.v1.Desk.Stay")
        place = client.new_inbox()
        told = await client.subscribe(f"{place}.>")
        await client.flush()
        call = asyncio.create_task(mine.stay())
        inbox, _, number = (await asked.next_msg()).reply.rpartition(".")
        await client.publish(f"{inbox}.running", f"{number} 77 x".encode(), place)
        heard = {(await told.next_msg()).subject.removeprefix(place) for _ in range(2)}
        assert heard == {".here", ".77.cancel"}
        call.cancel()
        await asyncio.wait([call])


@pytest.fixture
def silent_server(plain):
    """Take requests, and never say anything, or only that the call has begun."""

    async def start(client, *, begun):
        async def take(message):
            if begun:
                await client.publish(f"{message.reply}.begun", b"", f"{client.new_inbox()}.1.1")

        await client.subscribe("acme.v1.Desk.*", cb=take)
        await client.flush()

    return start


@pytest.mark.parametrize("begun", [False, True])
async def test_a_call_of_a_server_that_is_silent_is_unavailable(plain, dial, silent_server, begun):
    async with plain() as client, dial() as mine, fail_after(15):
        await silent_server(client, begun=begun)
        for call in (mine.stay(), anext(mine.watch())):
            with pytest.raises(Unavailable, match="nothing is heard of the server") as caught:
                await call
            assert not isinstance(caught.value, Unreachable), "it may have been done"
