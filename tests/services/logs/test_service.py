"""The log service through its client."""

import asyncio
import contextlib

import pytest

from kitfox.core import InvalidArgument, ResourceExhausted, RPCError, Unavailable
from kitfox.scope import fail_after
from kitfox.services.logs import Batch, Follow, LogService, LogSettings, Query, entries_of


def messages(page):
    return [entry.message for entry in page.entries]


async def read(tail, count):
    async with fail_after(5):
        return [await anext(tail) for _ in range(count)]


async def test_what_was_appended_is_found_newest_first(served, batch):
    async with served() as logs:
        assert (await logs.append(batch("1", "2", "3"))).sequence == 3
        assert messages(await logs.query(Query())) == ["3", "2", "1"]


async def test_an_entry_comes_back_as_it_went(served, entry):
    sent = entry(
        "naïve\nline",
        level=17,
        logger="a.b",
        service="grading",
        instance="g1",
        trace_id="t",
        fields={"student": 7, "tags": ["x", None], "deep": {"a": 1.5}},
    )
    async with served() as logs:
        await logs.append(Batch("s", 1, (sent,)))
        assert (await logs.query(Query())).entries == (sent,)


async def test_a_batch_sent_twice_is_stored_once(served, batch):
    async with served() as logs:
        for _ in range(2):
            assert (await logs.append(batch("1", "2"))).sequence == 2
        assert messages(await logs.query(Query())) == ["2", "1"]


async def test_a_batch_sent_twice_is_stored_once_across_a_restart(served, batch):
    async with served() as logs:
        await logs.append(batch("1", "2"))
    async with served() as logs:
        await logs.append(batch("2", "3", sequence=2))
        assert messages(await logs.query(Query())) == ["3", "2", "1"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (Query(service="grading"), ["late", "early"]),
        (Query(level=17), ["failed"]),
        (Query(text="LATE"), ["late"]),
        (Query(text="chemistry"), ["failed"]),
        (Query(trace_id="t1"), ["late"]),
        (Query(since=2.0), ["failed", "late"]),
        (Query(until=2.0), ["early"]),
        (Query(service="grading", level=17), []),
    ],
)
async def test_a_query_asks_for_one_thing_or_several(served, entry, query, found):
    entries = (
        entry("early", time=1.0, service="grading"),
        entry("late", time=2.0, service="grading", trace_id="t1"),
        entry("failed", time=3.0, service="portal", level=17, fields={"course": "Chemistry"}),
    )
    async with served() as logs:
        await logs.append(Batch("s", 1, entries))
        assert messages(await logs.query(query)) == found


async def test_pages_follow_each_other_without_gap_or_repetition(served, entry):
    entries = tuple(entry(str(n), time=float(n // 3)) for n in range(50))
    async with served(segment_bytes=1024) as logs:
        for n in range(0, 50, 10):
            await logs.append(Batch("s", n + 1, entries[n : n + 10]))
        found = [entry.message async for entry in entries_of(logs, Query(limit=7))]
        assert found == [str(n) for n in reversed(range(50))]


async def test_a_cursor_of_somebody_else_is_refused(served):
    async with served() as logs:
        with pytest.raises(InvalidArgument, match="cursor: 'x' was not given by this log"):
            await logs.query(Query(cursor="x"))


async def test_what_json_cannot_say_is_refused_alone(tmp_path, entry, batch):
    async with LogService(LogSettings(directory=str(tmp_path))) as service:
        refused = service.append(Batch("s", 1, (entry(fields={"x": object()}),)))
        outcomes = await asyncio.gather(
            refused, service.append(batch("taken", source="t")), return_exceptions=True
        )
        assert isinstance(outcomes[0], InvalidArgument)
        assert messages(await service.query(Query())) == ["taken"]


async def test_the_deepest_entry_that_is_taken_can_be_read_after_a_restart(served, entry):
    taken = 0
    async with served() as logs:
        for depth in (10, 100, 500, 900, 960, 980, 1000, 2000):
            fields = {}
            for _ in range(depth):
                fields = {"x": fields}
            with contextlib.suppress(RPCError, RecursionError):
                await logs.append(Batch("s", depth, (entry(fields=fields),)))
                taken += 1
    assert taken
    async with served(segment_age=0.001, housekeeping_every=0.01) as logs:
        assert len((await logs.query(Query())).entries) == taken


async def test_a_tail_begins_with_the_last_entries_and_goes_on_with_new_ones(served, batch):
    async with served() as logs:
        await logs.append(batch("1", "2", "3"))
        async with logs.tail(Follow(last=2)) as tail:
            assert [t.entry.message for t in await read(tail, 2)] == ["2", "3"]
            await logs.append(batch("4", sequence=4))
            assert [t.entry.message for t in await read(tail, 1)] == ["4"]


async def test_a_tail_goes_on_where_another_one_ended(served, batch):
    async with served() as logs:
        await logs.append(batch("1", "2"))
        async with logs.tail(Follow(last=2)) as tail:
            last = (await read(tail, 2))[-1]
        await logs.append(batch("3", sequence=3))
        async with logs.tail(Follow(last=1000, after=last.id)) as tail:
            await logs.append(batch("4", sequence=4))
            assert [t.entry.message for t in await read(tail, 2)] == ["3", "4"]


async def test_a_tail_filters_what_is_old_and_what_is_new(served, batch):
    async with served() as logs:
        await logs.append(batch("1", service="grading"))
        await logs.append(batch("2", sequence=2, service="portal"))
        async with logs.tail(Follow(service="grading", last=5)) as tail:
            assert [t.entry.message for t in await read(tail, 1)] == ["1"]
            await logs.append(batch("3", sequence=3, service="portal"))
            await logs.append(batch("4", sequence=4, service="grading"))
            assert [t.entry.message for t in await read(tail, 1)] == ["4"]


async def test_a_tail_opened_amid_appends_has_each_entry_once(served, batch):
    async with served() as logs:

        async def append_all():
            for n in range(1, 301):
                await logs.append(batch(str(n), sequence=n))

        appending = asyncio.create_task(append_all())
        await logs.append(batch("start", source="t"))
        async with logs.tail(Follow(last=1000)) as tail:
            seen = []
            async with fail_after(10):
                while "300" not in seen:
                    seen.append((await anext(tail)).entry.message)
        await appending
        assert [m for m in seen if m != "start"] == [str(n) for n in range(1, 301)]


async def test_too_many_readers_are_refused(served, batch):
    async with served(tails=1) as logs:
        await logs.append(batch("1"))
        async with logs.tail(Follow(last=1)) as tail:
            await read(tail, 1)
            with pytest.raises(ResourceExhausted, match="1 readers follow the log already"):
                await anext(logs.tail(Follow()))


async def test_appends_that_come_together_are_all_stored(served, batch):
    async with served() as logs:
        appends = (logs.append(batch("x", source=str(n))) for n in range(200))
        await asyncio.gather(*appends)
        assert len((await logs.query(Query(limit=1000))).entries) == 200


async def test_too_many_waiting_batches_are_refused(tmp_path, batch):
    settings = LogSettings(directory=str(tmp_path), waiting_batches=2)
    async with LogService(settings) as service:
        appends = (service.append(batch("x", source=str(n))) for n in range(9))
        outcomes = await asyncio.gather(*appends, return_exceptions=True)
    assert {type(outcome).__name__ for outcome in outcomes} == {"Appended", "ResourceExhausted"}


async def test_a_disk_that_refuses_is_told_and_taken_up_again(served, batch, no_file_beyond):
    large = batch(*("x" * 1000 for _ in range(200)))
    async with served() as logs:
        with no_file_beyond(100_000), pytest.raises(Unavailable, match="cannot be written: File"):
            await logs.append(large)
        assert (await logs.append(large)).sequence == 200
        assert len((await logs.query(Query(limit=1000))).entries) == 200


async def test_segments_are_removed_while_the_service_runs(
    served, clock, batch, tmp_path, eventually
):
    async with served(housekeeping_every=0.01, segment_age=1.0, keep_seconds=1.0) as logs:
        await logs.append(batch("old"))
        clock.now += 2.0
        folder = tmp_path / "log"
        await eventually(lambda: list(folder.glob("*.sealed")))
        clock.now += 2.0
        await eventually(lambda: not list(folder.glob("*.sealed")))
        assert messages(await logs.query(Query())) == []
