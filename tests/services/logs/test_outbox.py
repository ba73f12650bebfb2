"""The outbox: from memory to the disk, in time, in order, within bounds."""

import os
import subprocess
import sys
import threading

import pytest

from kitfox.services.logs import Outbox
from kitfox.services.logs._spool import Spool


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "outbox"


def delivered(outbox):
    """Take all that is spooled, as a shipper would."""
    batches = []
    while (batch := outbox.first()) is not None:
        batches.append(batch)
        outbox.drop_first()
    return batches


def messages(batches):
    return [entry.message for batch in batches for entry in batch.entries]


def test_what_is_put_is_spooled_in_order_and_numbered_without_gaps(folder, entry):
    with Outbox(folder, service="grading") as outbox:
        for n in range(1200):
            outbox.put(entry(str(n)))
        assert outbox.flush(5)
        batches = delivered(outbox)
    assert messages(batches) == [str(n) for n in range(1200)]
    assert len({batch.source for batch in batches}) == 1
    assert [b.sequence for b in batches[1:]] == [b.last + 1 for b in batches[:-1]]


def test_few_entries_are_spooled_soon_without_being_asked_for(folder, entry):
    spooled = threading.Event()
    with Outbox(folder, service="grading") as outbox:
        outbox.listen(spooled.set)
        outbox.put(entry())
        assert spooled.wait(5)
        assert messages(delivered(outbox)) == ["hello"]


def test_the_next_process_of_the_same_name_gets_what_was_left(folder, entry):
    with Outbox(folder, service="grading") as outbox:
        outbox.put(entry("left"))
    with Outbox(folder, service="grading") as outbox:
        outbox.put(entry("new"))
        outbox.flush(5)
        left, new = delivered(outbox)
    assert messages([left, new]) == ["left", "new"]
    assert left.source != new.source
    assert left.sequence == new.sequence == 1


def test_two_processes_of_one_name_do_not_share_a_spool_and_one_inherits_from_both(folder, entry):
    with Outbox(folder, service="grading") as first, Outbox(folder, service="grading") as second:
        first.put(entry("first"))
        second.put(entry("second"))
        assert first.flush(5)
        assert second.flush(5)
    with Outbox(folder, service="grading") as outbox:
        assert messages(delivered(outbox)) == ["first", "second"]


def test_a_full_spool_drops_and_says_how_many_when_there_is_room_again(folder, entry):
    with Outbox(folder, service="grading", instance="g1", disk=20_000) as outbox:
        for n in range(150):
            outbox.put(entry(f"{n} {'x' * 200}"))
            assert outbox.flush(5)
        kept = [e for batch in delivered(outbox) for e in batch.entries]
        outbox.put(entry("after"))
        assert outbox.flush(5)
        kept += [e for batch in delivered(outbox) for e in batch.entries]
    notes = [e for e in kept if e.message.startswith("dropped")]
    assert sum(int(note.message.split()[1]) for note in notes) + len(kept) - len(notes) == 151
    assert {(e.service, e.instance, e.logger) for e in notes} == {("grading", "g1", "kitfox.logs")}
    assert kept[-1].message == "after"


def test_a_spooled_batch_of_another_version_is_dropped_and_noted(folder, entry):
    Spool(folder / "1", 1000).append(b'{"format": 99}')
    with Outbox(folder, service="grading") as outbox:
        outbox.put(entry("next"))
        assert outbox.flush(5)
        found = messages(delivered(outbox))
        assert outbox.flush(5)
        found += messages(delivered(outbox))
    assert found[0] == "next"
    assert found[1].startswith("dropped a spooled batch that cannot be read")


KILLED = """
import os, signal, sys
from pathlib import Path
from kitfox.services.logs import Entry, Outbox
outbox = Outbox(Path(sys.argv[1]), service="grading")
for n in range(700):
    outbox.put(Entry(1.0, 9, str(n)))
assert outbox.flush(5)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_was_spooled_survives_kill_9(folder):
    done = subprocess.run([sys.executable, "-c", KILLED, folder], env=os.environ, check=False)
    assert done.returncode == -9
    with Outbox(folder, service="grading") as outbox:
        assert messages(delivered(outbox)) == [str(n) for n in range(700)]
