"""The laws of stores of answers, for each that there is."""

import asyncio
import sqlite3
from contextlib import asynccontextmanager

import pytest
from redis.asyncio import Redis

from kitfox import ResourceExhausted, Unavailable, fail_after
from kitfox.idempotency import MemoryAnswers, Record, SQLiteAnswers
from kitfox.idempotency.redis import RedisAnswers
from valkey_server import ValkeyServer

pytestmark = pytest.mark.xdist_group("valkey")

KEY, OTHER, ASKED, ME, YOU = b"k" * 32, b"o" * 32, b"f" * 32, b"me", b"you"


class Wall:
    def __init__(self):
        self.now = 1_700_000_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def wall():
    return Wall()


@pytest.fixture(scope="module")
def valkey():
    """Run a Valkey."""
    server = ValkeyServer()
    server.start()
    yield server
    server.kill()


@asynccontextmanager
async def memory(request, wall):
    yield MemoryAnswers(wall=wall)


@asynccontextmanager
async def sqlite(request, wall):
    path = request.getfixturevalue("tmp_path") / "answers.db"
    async with SQLiteAnswers(path, wall=wall) as answers:
        yield answers


@asynccontextmanager
async def shared(request, wall):
    async with Redis.from_url(request.getfixturevalue("valkey").url, protocol=2) as client:
        await client.flushall()
        yield RedisAnswers(client, patience=5.0)


@pytest.fixture(params=[memory, sqlite, shared], ids=lambda kind: kind.__name__)
async def answers(request, wall, valkey):
    """Open a store of each kind."""
    async with request.param(request, wall) as store:
        yield store


@pytest.fixture(params=[memory, sqlite], ids=lambda kind: kind.__name__)
async def timed(request, wall):
    """Open a store of each kind that is told the time."""
    async with request.param(request, wall) as store:
        yield store


async def claim(answers, key=KEY, owner=ME, seconds=60.0):
    return await answers.claim(key, ASKED, owner, seconds=seconds)


async def test_a_free_key_is_claimed_and_a_claimed_one_is_running(answers):
    assert await claim(answers) is None
    assert await claim(answers, owner=YOU) == Record(ASKED, None)
    assert await claim(answers, key=OTHER, owner=YOU) is None


async def test_an_answer_is_kept(answers):
    await claim(answers)
    await answers.keep(KEY, ME, b"done", seconds=3600.0)
    assert await claim(answers, owner=YOU) == Record(ASKED, b"done")


async def test_an_answer_is_kept_for_its_time_and_no_longer(timed, wall):
    await claim(timed)
    await timed.keep(KEY, ME, b"done", seconds=3600.0)
    wall.now += 3599.0
    assert await claim(timed, owner=YOU) == Record(ASKED, b"done")
    wall.now += 1.0
    assert await claim(timed, owner=YOU) is None
    assert await claim(timed, owner=ME) == Record(ASKED, None)


async def test_a_key_that_is_released_is_free(answers):
    await claim(answers)
    await answers.release(KEY, ME)
    assert await claim(answers, owner=YOU) is None


async def test_a_claim_lapses(timed, wall):
    await claim(timed, seconds=60.0)
    wall.now += 60.0
    assert await claim(timed, owner=YOU) is None


async def test_who_lost_its_claim_changes_nothing_any_more(timed, wall):
    await claim(timed, owner=ME, seconds=60.0)
    wall.now += 60.0
    await claim(timed, owner=YOU, seconds=60.0)
    await timed.keep(KEY, ME, b"late", seconds=3600.0)
    await timed.release(KEY, ME)
    assert await claim(timed, owner=ME) == Record(ASKED, None)
    await timed.keep(KEY, YOU, b"right", seconds=3600.0)
    assert await claim(timed, owner=ME) == Record(ASKED, b"right")


async def test_an_answer_cannot_be_released(answers):
    await claim(answers)
    await answers.keep(KEY, ME, b"done", seconds=3600.0)
    await answers.release(KEY, ME)
    assert await claim(answers, owner=YOU) == Record(ASKED, b"done")


async def test_of_many_claims_at_once_one_succeeds(answers):
    claims = [claim(answers, owner=bytes([number])) for number in range(20)]
    assert (await asyncio.gather(*claims)).count(None) == 1


async def test_memory_forgets_the_oldest_answer_of_too_many(wall):
    answers = MemoryAnswers(most=2, wall=wall)
    for key in (b"1", b"2", b"3"):
        await claim(answers, key)
        await answers.keep(key, ME, b"done", seconds=3600.0)
    assert await claim(answers, b"1") is None
    assert await claim(answers, b"3") == Record(ASKED, b"done")


async def test_memory_refuses_more_calls_than_it_has_room_for(wall):
    answers = MemoryAnswers(most=2, wall=wall)
    await claim(answers, b"1", seconds=10.0)
    await claim(answers, b"2", seconds=60.0)
    with pytest.raises(ResourceExhausted, match="2 calls"):
        await claim(answers, b"3")
    wall.now += 10.0
    assert await claim(answers, b"3") is None


async def test_a_file_outlives_its_process_and_is_shared(tmp_path, wall):
    path = tmp_path / "sub" / "answers.db"
    async with SQLiteAnswers(path, wall=wall) as first, SQLiteAnswers(path, wall=wall) as second:
        await claim(first)
        assert await claim(second, owner=YOU) == Record(ASKED, None)
        await first.keep(KEY, ME, b"done", seconds=3600.0)
    async with SQLiteAnswers(path, wall=wall) as third:
        assert await claim(third, owner=YOU) == Record(ASKED, b"done")


async def test_a_file_is_for_nobody_elses_eyes(tmp_path):
    path = tmp_path / "answers.db"
    async with SQLiteAnswers(path) as answers:
        await claim(answers)
        modes = {file.name: file.stat().st_mode & 0o777 for file in tmp_path.iterdir()}
    assert set(modes.values()) == {0o600}, modes


async def test_a_file_does_not_grow_for_ever(tmp_path, wall):
    path = tmp_path / "answers.db"
    async with SQLiteAnswers(path, most=10, wall=wall) as answers:
        for number in range(50):
            key = number.to_bytes(32, "big")
            await claim(answers, key)
            await answers.keep(key, ME, b"done", seconds=3600.0 + number)
    async with SQLiteAnswers(path, most=10, wall=wall) as answers:
        await claim(answers, (49).to_bytes(32, "big"))  # the first claim sweeps
        assert rows(path) == 10
        assert await claim(answers, (49).to_bytes(32, "big")) == Record(ASKED, b"done")
        assert await claim(answers, (0).to_bytes(32, "big")) is None
    wall.now += 7200.0
    async with SQLiteAnswers(path, most=10, wall=wall) as answers:
        await claim(answers)
        assert rows(path) == 1


def rows(path):
    database = sqlite3.connect(path)
    try:
        return database.execute("SELECT count(*) FROM answer").fetchone()[0]
    finally:
        database.close()


async def test_a_store_that_is_not_open_is_unavailable(tmp_path):
    with pytest.raises(Unavailable, match="not open"):
        await claim(SQLiteAnswers(tmp_path / "answers.db"))


async def test_a_store_that_breaks_is_unavailable(tmp_path):
    path = tmp_path / "answers.db"
    async with SQLiteAnswers(path) as answers:
        database = sqlite3.connect(path)
        database.execute("DROP TABLE answer")
        database.close()
        with pytest.raises(Unavailable, match="cannot be used"):
            await claim(answers)


async def test_what_is_shared_lapses_by_the_stores_own_clock(valkey):
    async with Redis.from_url(valkey.url, protocol=2) as client:
        await client.flushall()
        answers = RedisAnswers(client, patience=5.0)
        await claim(answers, seconds=60.0)
        (key,) = await client.keys("kitfox:answer:default:*")
        assert 0 < await client.pttl(key) <= 60_000
        await answers.keep(KEY, ME, b"done", seconds=3600.0)
        assert 60_000 < await client.pttl(key) <= 3_600_000
        await claim(answers, key=OTHER, seconds=0.001)
        async with fail_after(5.0):
            while await claim(answers, key=OTHER, owner=YOU, seconds=60.0) is not None:
                await asyncio.sleep(0.01)
        await answers.keep(OTHER, ME, b"late", seconds=3600.0)
        assert await claim(answers, key=OTHER, owner=ME) == Record(ASKED, None)


async def test_a_claim_that_a_client_sent_twice_is_one_claim(valkey):
    async with Redis.from_url(valkey.url, protocol=2) as client:
        await client.flushall()
        answers = RedisAnswers(client, patience=5.0)
        assert await claim(answers) is await claim(answers) is None


async def test_a_shared_store_that_is_away_is_unavailable():
    server = ValkeyServer()  # not started
    async with Redis.from_url(server.url) as client:
        answers = RedisAnswers(client)
        for asking in (
            claim(answers),
            answers.keep(KEY, ME, b"done", seconds=1.0),
            answers.release(KEY, ME),
        ):
            with pytest.raises(Unavailable, match="cannot be asked"):
                await asking


def test_a_client_that_reads_texts_is_refused():
    client = Redis.from_url("redis://127.0.0.1:1", decode_responses=True)
    with pytest.raises(ValueError, match="answers are bytes"):
        RedisAnswers(client)


async def test_a_file_that_is_none_of_ours_is_refused_when_it_is_opened(tmp_path):
    path = tmp_path / "answers.db"
    path.write_text("dear diary, " * 1000)
    with pytest.raises(sqlite3.DatabaseError):
        await SQLiteAnswers(path).__aenter__()
