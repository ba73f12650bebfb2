"""Tokens that change while their client runs."""

import asyncio

import pytest

from kitfox import Unavailable
from kitfox.auth import Renewing, StaticTokens, Token, TokenFile, authenticate, show
from kitfox.core import Through
from kitfox.scope import fail_after


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


async def test_a_client_shows_what_its_credentials_return(lab):
    tokens = iter(["one", "two", "three"])

    async def credentials():
        return next(tokens)

    server = authenticate(StaticTokens({"first": "one", "second": "two"}))
    async with lab.asking(server) as connection:
        who = lab.Who.client(Through(connection, show(credentials)))
        assert [await who.am_i(), await who.am_i()] == ["first", "second"]


async def test_what_no_wire_could_carry_is_refused_and_not_repeated(lab):
    async def credentials():
        return "the-secret\nof-two-lines"

    async with lab.asking(authenticate(StaticTokens({"a": "b"}))) as connection:
        with pytest.raises(ValueError, match="no token") as caught:
            await lab.Who.client(Through(connection, show(credentials))).am_i()
        assert "the-secret" not in str(caught.value)


async def test_a_token_file_is_read_again_when_it_may_have_changed(tmp_path, clock):
    path = tmp_path / "token"
    credentials = TokenFile(path, every=10.0, clock=clock)
    with pytest.raises(Unavailable, match="there is no token in"):
        await credentials()
    path.write_text("one\n")
    assert await credentials() == "one"
    path.write_text("two\n")
    assert await credentials() == "one"
    clock.now += 10.0
    assert await credentials() == "two"
    path.unlink()
    clock.now += 10.0
    assert await credentials() == "two"


class Shop:
    """Hands out tokens of ten seconds, when it is let to."""

    def __init__(self):
        self.sold = 0
        self.open = asyncio.Event()
        self.open.set()
        self.asked = asyncio.Event()

    async def __call__(self):
        self.asked.set()
        await self.open.wait()
        self.sold += 1
        return Token(f"token-{self.sold}", 10.0)


async def settled(credentials, token):
    async with fail_after(5.0):
        while await credentials() != token:
            await asyncio.sleep(0)


async def test_a_token_is_renewed_before_its_end_and_calls_do_not_wait_for_that(clock):
    shop = Shop()
    credentials = Renewing(shop, clock=clock)
    assert await credentials() == await credentials() == "token-1"
    clock.now += 7.9
    assert await credentials() == "token-1"
    shop.open.clear()
    shop.asked.clear()
    clock.now += 0.2
    assert await credentials() == "token-1"
    async with fail_after(5.0):
        await shop.asked.wait()
    assert await credentials() == "token-1"
    shop.open.set()
    await settled(credentials, "token-2")
    assert shop.sold == 2


async def test_many_calls_wait_for_one_fetch(clock):
    shop = Shop()
    credentials = Renewing(shop, clock=clock)
    assert set(await asyncio.gather(*(credentials() for _ in range(20)))) == {"token-1"}
    assert shop.sold == 1


async def test_a_caller_that_leaves_does_not_end_the_fetch_of_others(clock):
    shop = Shop()
    shop.open.clear()
    credentials = Renewing(shop, clock=clock)
    first, second = asyncio.create_task(credentials()), asyncio.create_task(credentials())
    await shop.asked.wait()
    first.cancel()
    await asyncio.wait([first])
    shop.open.set()
    async with fail_after(5.0):
        assert await second == "token-1"


async def test_a_token_that_cannot_be_renewed_serves_until_its_end(clock):
    answers = [Token("good", 10.0)]

    async def fetch():
        if not answers:
            raise OSError("nobody is there")
        return answers.pop()

    credentials = Renewing(fetch, clock=clock)
    assert await credentials() == "good"
    clock.now += 9.0
    assert await credentials() == "good"
    clock.now += 1.5
    with pytest.raises(OSError, match="nobody is there"):
        await credentials()
    answers.append(Token("better", 10.0))
    assert await credentials() == "better"


async def test_a_fetch_that_is_under_way_can_be_broken_off(clock):
    shop = Shop()
    shop.open.clear()
    credentials = Renewing(shop, clock=clock)
    waiting = asyncio.create_task(credentials())
    await shop.asked.wait()
    await credentials.aclose()
    await asyncio.wait([waiting])
    assert waiting.cancelled()
