import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from kitfox.core import Unavailable
from kitfox.registry import Instance, OriginalProvider, OriginalRegistration
from kitfox.services.registry._journal import Journal
from kitfox.services.registry._store import (
    SavedInstance,
    SavedOriginal,
    Store,
    drop_instance,
    drop_original,
    put_instance,
    put_original,
    set_revision,
)

ADA = SavedInstance(Instance("users", "ada", ("http://x",), metadata={"a": "b"}), b"hash", 6.0)
LOG = OriginalProvider("LogService", "http://localhost:4000")
GRADING = SavedOriginal(
    OriginalRegistration("GradingService", "http://localhost:6000", ("LogService",)),
    "127.0.0.1",
    frozenset({LOG}),
    missing=True,
)


async def reopened(path: str):
    journal = Journal(path)
    try:
        return await journal.open()
    finally:
        await journal.aclose()


async def test_what_was_committed_is_there_when_opened_again(tmp_path: Path):
    path = str(tmp_path / "registry.db")
    journal = Journal(path)
    assert await journal.open() == (0, [], [], [])
    await journal.commit(put_instance(ADA), put_original(GRADING), set_revision(7))
    await journal.aclose()
    assert await reopened(path) == (7, [ADA], [GRADING], [])


async def test_what_was_noted_is_written_before_the_journal_closes(tmp_path: Path):
    path = str(tmp_path / "registry.db")
    journal = Journal(path)
    await journal.open()
    journal.note(put_instance(ADA), put_original(GRADING))
    journal.note(drop_instance("users", "ada"))
    journal.note(drop_original("http://localhost:6000"))
    await journal.aclose()
    assert await reopened(path) == (0, [], [], [])


async def test_a_cancelled_commit_harms_no_other(tmp_path: Path):
    journal = Journal(str(tmp_path / "registry.db"))
    await journal.open()
    first = asyncio.ensure_future(journal.commit(put_instance(ADA)))
    second = asyncio.ensure_future(journal.commit(set_revision(3)))
    await asyncio.sleep(0)
    first.cancel()
    await second
    await journal.aclose()
    assert first.cancelled()
    assert await reopened(str(tmp_path / "registry.db")) == (3, [ADA], [], [])


async def test_what_cannot_be_stored_is_said(tmp_path: Path):
    journal = Journal(str(tmp_path / "registry.db"))
    await journal.open()
    with pytest.raises(Unavailable, match="cannot store"):
        await journal.commit(put_instance(ADA), ("INSERT INTO nowhere VALUES (?)", (1,)))
    await journal.commit(set_revision(2))
    await journal.aclose()
    assert await reopened(str(tmp_path / "registry.db")) == (2, [], [], [])


async def test_a_commit_before_the_store_is_open_is_refused():
    journal = Journal("")
    with pytest.raises(Unavailable, match="not open"):
        await journal.commit(set_revision(1))
    await journal.aclose()


async def test_a_commit_after_the_journal_is_closed_is_refused():
    journal = Journal("")
    await journal.open()
    await journal.aclose()
    with pytest.raises(Unavailable, match="not open"):
        await journal.commit(set_revision(1))


async def test_a_file_that_is_no_database_is_refused(tmp_path: Path):
    (tmp_path / "registry.db").write_bytes(b"not a database, but long enough to be looked at" * 99)
    journal = Journal(str(tmp_path / "registry.db"))
    with pytest.raises(sqlite3.DatabaseError):
        await journal.open()
    await journal.aclose()


def test_two_registries_do_not_share_a_file(tmp_path: Path):
    path = str(tmp_path / "folder" / "registry.db")
    first = Store.open(path)
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        Store.open(path)
    first.close()
    Store.open(path).close()


_WRITER = """
import asyncio, sys
from kitfox.registry import Instance
from kitfox.services.registry._journal import Journal
from kitfox.services.registry._store import SavedInstance, put_instance

async def main():
    journal = Journal(sys.argv[1])
    await journal.open()
    for number in range(100_000):
        saved = SavedInstance(Instance("users", str(number)), b"", 6.0)
        await journal.commit(put_instance(saved))
        print(number, flush=True)

asyncio.run(main())
"""


def test_a_process_that_is_killed_loses_nothing_that_it_had_answered(tmp_path: Path):
    path = tmp_path / "registry.db"
    with subprocess.Popen(
        [sys.executable, "-c", _WRITER, str(path)], stdout=subprocess.PIPE, text=True
    ) as writer:
        answered = [int(writer.stdout.readline()) for _ in range(50)]
        os.kill(writer.pid, signal.SIGKILL)
        answered.extend(int(line) for line in writer.stdout)
    store = Store.open(str(path))
    known = {int(saved.instance.id) for saved in store.load().instances}
    store.close()
    assert set(answered) <= known
