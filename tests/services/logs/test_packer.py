"""Packing entries: numbers without gaps, bounds, and the count of what was dropped."""

import msgspec
import pytest

from kitfox.services.logs import Batch
from kitfox.services.logs._packer import Packer


class Room:
    """A sink with room for some batches."""

    def __init__(self, batches):
        self.batches = batches
        self.taken = []

    def append(self, payload):
        if len(self.taken) >= self.batches:
            return False
        self.taken.append(msgspec.json.decode(payload, type=Batch))
        return True

    def messages(self):
        return [entry.message for batch in self.taken for entry in batch.entries]


class FullDisk:
    """A sink on a disk without room."""

    full = True

    def __init__(self, room):
        self.room = room

    def append(self, payload):
        if self.full:
            raise OSError(28, "No space left on device")
        return self.room.append(payload)


@pytest.fixture
def packer(entry):
    def make(sink):
        return Packer(sink, "source", entry)

    return make


def test_what_had_no_room_is_counted_and_told_before_what_comes_next(packer, entry):
    room = Room(1)
    pack = packer(room).pack
    pack([entry("kept")])
    pack([entry(str(n)) for n in range(10)])
    pack([entry(str(n)) for n in range(7)])
    room.batches = 9
    pack([entry("next")])
    assert room.messages() == ["kept", "dropped 17 entries, spool full", "next"]


def test_what_memory_lost_is_told_after_what_it_held(packer, entry):
    room = Room(9)
    packer(room).pack([entry("held")], 3)
    assert room.messages() == ["held", "dropped 3 entries, memory full"]


def test_a_disk_that_refuses_is_told_when_it_takes_again(packer, entry):
    disk = FullDisk(room := Room(9))
    pack = packer(disk).pack
    pack([entry("lost")])
    disk.full = False
    pack([entry("kept")])
    told = "dropped 1 entries, the spool cannot be written: No space left on device"
    assert room.messages() == [told, "kept"]


def test_numbers_have_no_gap_where_entries_were_dropped(packer, entry):
    room = Room(2)
    pack = packer(room).pack
    for n in range(6):
        pack([entry(str(n))] * 3)
    room.batches = 9
    pack([entry("next")])
    assert [b.sequence for b in room.taken] == [1, 4, 7, 8]


def test_large_entries_go_in_batches_of_bounded_size(packer, entry):
    room = Room(99)
    packer(room).pack([entry("x" * 50_000)] * 30)
    assert len(room.messages()) == 30
    assert max(len(batch.entries) for batch in room.taken) == 10


def test_an_entry_of_enormous_fields_goes_without_them(packer, entry):
    room = Room(9)
    packer(room).pack([entry("big", fields={"x": ["y" * 8000] * 60})])
    (batch,) = room.taken
    assert batch.entries[0].message == "big"
    assert batch.entries[0].fields.keys() == {"fields_dropped"}
