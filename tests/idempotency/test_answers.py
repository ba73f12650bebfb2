"""The laws of stores of answers, for each that there is."""

import asyncio
import sqlite3
from contextlib import nullcontext

import pytest

from kitfox import ResourceExhausted, Unavailable
from kitfox.idempotency import MemoryAnswers, Record, SQLiteAnswers

KEY, OTHER, ASKED, ME, YOU = b"k" * 32, b"o" * 32, b"f" * 32, b"me", b"you"


class Wall:
    def __init__(self):
        self.now = 1_700_000_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def wall():
    return Wall()


@pytest.fixture(params=["memory", "sqlite"])
async def answers(request, tmp_path, wall):
    """Open a store."""
    sqlite = request.param == "sqlite"
    made = SQLiteAnswers(tmp_path / "answers.db", wall=wall) if sqlite else nullcontext()
    async with made as store:
        yield store or MemoryAnswers(wall=wall)


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


async def test_an_answer_is_kept_for_its_time_and_no_longer(answers, wall):
    await claim(answers)
    await answers.keep(KEY, ME, b"done", seconds=3600.0)
    wall.now += 3599.0
    assert await claim(answers, owner=YOU) == Record(ASKED, b"done")
    wall.now += 1.0
    assert await claim(answers, owner=YOU) is None
    assert await claim(answers, owner=ME) == Record(ASKED, None)


async def test_a_key_that_is_released_is_free(answers):
    await claim(answers)
    await answers.release(KEY, ME)
    assert await claim(answers, owner=YOU) is None


async def test_a_claim_lapses(answers, wall):
    await claim(answers, seconds=60.0)
    wall.now += 60.0
    assert await claim(answers, owner=YOU) is None


async def test_who_lost_its_claim_changes_nothing_any_more(answers, wall):
    await claim(answers, owner=ME, seconds=60.0)
    wall.now += 60.0
    await claim(answers, owner=YOU, seconds=60.0)
    await answers.keep(KEY, ME, b"late", seconds=3600.0)
    await answers.release(KEY, ME)
    assert await claim(answers, owner=ME) == Record(ASKED, None)
    await answers.keep(KEY, YOU, b"right", seconds=3600.0)
    assert await claim(answers, owner=ME) == Record(ASKED, b"right")


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
