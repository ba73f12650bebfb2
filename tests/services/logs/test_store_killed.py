"""A process that stores is killed at any moment: nothing acknowledged is lost, nothing is torn."""

import random
import signal
import subprocess
import sys
import time

import pytest

from kitfox.services.logs import LogSettings, Query
from kitfox.services.logs._store import Store

ENTRIES = 7  # in a batch

WRITER = f"""
import sys
from pathlib import Path
from kitfox.services.logs import Batch, Entry, LogSettings
from kitfox.services.logs._store import Store

store = Store(Path(sys.argv[1]), LogSettings(segment_bytes=8192), 0.0)
number = store.sequence("s") + 1
while True:
    entries = tuple(Entry(float(number + i), 9, str(number + i)) for i in range({ENTRIES}))
    store.append([Batch("s", number, entries)], 0.0)
    print(number + {ENTRIES} - 1, flush=True)
    number += {ENTRIES}
    if store.full:
        store.housekeep(0.0)
"""


def run_and_kill(folder, chance):
    """Let a writer run for a random while, kill it, and return the last number it was told."""
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, folder], stdout=subprocess.PIPE, text=True
    )
    told = [writer.stdout.readline() for _ in range(chance.randrange(1, 60))]
    time.sleep(chance.random() * 0.01)
    writer.kill()
    told += writer.stdout.read().splitlines(keepends=True)
    writer.stdout.close()
    assert writer.wait() == -signal.SIGKILL
    return max(int(line) for line in told if line.endswith("\n"))


def all_messages(store):
    scan = store.scan(Query(limit=1000))
    found = []
    while True:
        while not scan.done:
            scan.step()
        page = scan.page()
        found += [int(entry.message) for entry in page.entries]
        if not page.cursor:
            return found[::-1]
        scan = store.scan(Query(limit=1000, cursor=page.cursor))


@pytest.mark.parametrize("seed", range(3))
def test_nothing_acknowledged_is_lost_however_often_the_writer_is_killed(tmp_path, seed):
    chance = random.Random(seed)
    folder = tmp_path / "log"
    for _ in range(5):
        acknowledged = run_and_kill(folder, chance)
        store = Store(folder, LogSettings(segment_bytes=8192), 0.0)
        found = all_messages(store)
        store.close()
        assert found == list(range(1, len(found) + 1))
        assert len(found) % ENTRIES == 0
        assert len(found) >= acknowledged
    assert list(folder.glob("*.sealed"))
