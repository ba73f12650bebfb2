"""The store on the disk: what it recovers from, what it removes, what it refuses."""

import random
import shutil

import pytest

from kitfox.services.logs import LogSettings, Query
from kitfox.services.logs._store import Store

HOUR = 3600.0
FIRST = f"{1:020}.active"
SEALED = f"{1:020}.sealed"


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "log"


class Opener:
    """Opens stores on one folder, each after the one before was closed."""

    def __init__(self, folder):
        self.folder = folder
        self.store = None

    def __call__(self, **settings):
        self.close()
        self.store = Store(self.folder, LogSettings(**settings), 0.0)
        return self.store

    def close(self):
        if self.store is not None:
            self.store.close()
        self.store = None


@pytest.fixture
def opened(folder):
    opener = Opener(folder)
    yield opener
    opener.close()


def messages(store, **query):
    scan = store.scan(Query(limit=1000, **query))
    while not scan.done:
        scan.step()
    return [entry.message for entry in scan.page().entries]


def files(folder, kind):
    return sorted(path.name for path in folder.glob(f"*.{kind}"))


@pytest.mark.parametrize("lost", [1, 5, 30, 60, 90])
def test_a_torn_tail_is_cut_off_and_the_next_entry_takes_its_place(folder, opened, batch, lost):
    store = opened()
    store.append([batch("whole")], 0.0)
    whole = (folder / FIRST).stat().st_size
    store.append([batch("torn", sequence=2)], 0.0)
    data = (folder / FIRST).read_bytes()
    assert len(data) - lost > whole
    (folder / FIRST).write_bytes(data[:-lost])
    store = opened()
    assert messages(store) == ["whole"]
    assert store.sequence("s") == 1
    store.append([batch("next", sequence=2)], 0.0)
    assert messages(opened()) == ["next", "whole"]


def test_what_the_disk_refused_leaves_no_trace_and_may_be_sent_again(
    folder, opened, batch, no_file_beyond
):
    store = opened()
    store.append([batch("before")], 0.0)
    large = batch(*("x" * 100 for _ in range(50)), sequence=2)
    with (
        no_file_beyond((folder / FIRST).stat().st_size + 1000),
        pytest.raises(OSError, match="lar"),
    ):
        store.append([large], 0.0)
    assert messages(store) == ["before"]
    assert (store.sequence("s"), store.next_id) == (1, 2)
    store.append([batch("other", source="t")], 0.0)
    assert messages(opened()) == ["other", "before"]
    assert len(opened().append([large], 0.0)) == 50


def test_a_tail_of_zeros_is_no_entry(folder, opened, batch):
    opened().append([batch("whole")], 0.0)
    path = folder / FIRST
    path.write_bytes(path.read_bytes() + bytes(4096))
    assert messages(opened()) == ["whole"]


def test_a_flipped_bit_is_found_out(folder, opened, batch):
    store = opened()
    store.append([batch("whole")], 0.0)
    store.append([batch("flipped", sequence=2)], 0.0)
    path = folder / FIRST
    path.write_bytes(path.read_bytes().replace(b"flipped", b"flopped"))
    assert messages(opened()) == ["whole"]


def test_a_batch_seen_in_part_is_cut_and_one_seen_whole_dropped(opened, batch):
    store = opened()
    store.append([batch("1", "2", "3")], 0.0)
    assert [s.entry.message for s in store.append([batch("2", "3", "4", sequence=2)], 0.0)] == ["4"]
    assert store.append([batch("3", "4", sequence=3)], 0.0) == []
    assert store.sequence("s") == 4


def test_two_batches_of_a_source_in_one_write_do_not_repeat_each_other(opened, batch):
    store = opened()
    store.append([batch("1", "2"), batch("2", "3", sequence=2)], 0.0)
    assert messages(store) == ["3", "2", "1"]


def test_numbers_are_remembered_when_the_segment_that_told_them_is_gone(opened, batch):
    store = opened(keep_seconds=1.0)
    store.append([batch(*"x" * 50)], 0.0)
    store.housekeep(HOUR)
    store.housekeep(2 * HOUR)
    assert messages(store) == []
    assert opened().append([batch(*"x" * 50)], 0.0) == []


def test_a_silent_source_is_forgotten_in_the_end(opened, batch):
    store = opened(source_seconds=HOUR, keep_seconds=1.0)
    store.append([batch("1")], 0.0)
    store.housekeep(HOUR)  # sealed
    store.housekeep(2 * HOUR)  # removed
    assert opened().sequence("s") == 0


def test_a_segment_is_sealed_by_size(folder, opened, batch):
    store = opened(segment_bytes=1024)
    store.append([batch(*(f"entry number {n}" for n in range(20)))], 0.0)
    assert store.full
    store.housekeep(0.0)
    assert files(folder, "sealed") == [f"{1:020}.sealed"]
    assert files(folder, "active") == [f"{21:020}.active"]
    assert len(messages(store)) == 20


def test_a_segment_is_sealed_by_age_and_an_empty_one_never(folder, opened, batch):
    store = opened(segment_age=HOUR)
    store.housekeep(10 * HOUR)
    assert files(folder, "sealed") == []
    store.append([batch("old")], 10 * HOUR)
    store.housekeep(10.9 * HOUR)
    assert files(folder, "sealed") == []
    store.housekeep(11 * HOUR)
    assert files(folder, "sealed") == [f"{1:020}.sealed"]
    assert messages(store) == ["old"]


def test_the_age_of_a_segment_survives_a_restart(folder, opened, batch):
    opened(segment_age=HOUR).append([batch("old")], 0.0)
    opened(segment_age=HOUR).housekeep(HOUR)
    assert len(files(folder, "sealed")) == 1


def test_old_segments_are_removed(folder, opened, batch):
    store = opened(segment_age=HOUR, keep_seconds=24 * HOUR)
    store.append([batch("first")], 0.0)
    store.housekeep(HOUR)
    store.append([batch("second", sequence=2)], 20 * HOUR)
    store.housekeep(21 * HOUR)
    store.housekeep(25.1 * HOUR)
    assert messages(store) == ["second"]
    assert files(folder, "sealed") == [f"{2:020}.sealed"]


def test_what_is_over_the_size_goes_oldest_first(folder, opened, batch):
    store = opened(segment_bytes=1024, keep_bytes=4096)
    noise = random.Random(1)
    for n in range(30):
        store.append([batch(noise.randbytes(500).hex(), sequence=n + 1, time=float(n))], 0.0)
        store.housekeep(0.0)
    kept = files(folder, "sealed")
    assert sum((folder / name).stat().st_size for name in kept) <= 4096
    assert kept[-1] == f"{30:020}.sealed"
    assert kept == [f"{n:020}.sealed" for n in range(31 - len(kept), 31)]


def test_an_id_is_never_given_twice_even_when_all_was_removed(opened, batch):
    store = opened(keep_seconds=1.0)
    store.append([batch("1", "2", "3")], 0.0)
    store.housekeep(HOUR)
    store.housekeep(2 * HOUR)
    assert messages(store) == []
    assert opened().next_id == 4


def test_a_search_that_is_under_way_outlives_the_removal_of_what_it_reads(opened, batch):
    store = opened(keep_seconds=1.0)
    store.append([batch("gone")], 0.0)
    store.housekeep(HOUR)
    scan = store.scan(Query())
    store.housekeep(2 * HOUR)
    while not scan.done:
        scan.step()
    assert scan.page().entries == ()


def test_a_lost_catalogue_is_written_again_from_the_segments(folder, opened, batch):
    store = opened(segment_bytes=1024)
    for n in range(5):
        texts = [f"{n} {service}" for service in "ab"]
        store.append([batch(*texts, sequence=2 * n + 1, service="x" * (n % 2))], 0.0)
        store.housekeep(HOUR * (n + 1) * 2)
    before = messages(store), messages(store, service="x")
    opened.close()
    for part in folder.glob("catalogue.db*"):
        part.unlink()
    again = opened()
    assert (messages(again), messages(again, service="x")) == before
    assert again.next_id == 11


def test_a_damaged_catalogue_is_put_aside_and_written_again(folder, opened, batch):
    store = opened()
    store.append([batch("kept")], 0.0)
    store.housekeep(HOUR)
    opened.close()
    for part in folder.glob("catalogue.db-*"):
        part.unlink()
    (folder / "catalogue.db").write_bytes(b"this is no database, whatever its name says" * 99)
    assert messages(opened()) == ["kept"]
    assert (folder / "damaged-catalogue.db").exists()


@pytest.fixture
def around_sealing(tmp_path, batch):
    """Return copies of a folder as it is before and after its segment is sealed."""
    work, before, after = (tmp_path / name for name in ("work", "before", "after"))
    store = Store(work, LogSettings(), 0.0)
    store.append([batch("1", "2")], 0.0)
    store.append([batch("1", source="t")], 0.0)
    shutil.copytree(work, before)
    store.housekeep(HOUR)
    store.close()
    shutil.copytree(work, after)
    return before, after


def killed_with_the_next_segment_begun(before, after):
    (before / f"{4:020}.active").touch()
    return before


def killed_with_a_half_written_sealed_file(before, after):
    data = (after / SEALED).read_bytes()
    (before / f"{SEALED}.tmp").write_bytes(data[:-20])
    return killed_with_the_next_segment_begun(before, after)


def killed_with_a_sealed_file_that_is_not_listed(before, after):
    shutil.copy(after / SEALED, before)
    return killed_with_the_next_segment_begun(before, after)


def killed_before_the_old_active_file_was_removed(before, after):
    shutil.copy(before / FIRST, after)
    return after


@pytest.mark.parametrize(
    "killed",
    [
        killed_with_the_next_segment_begun,
        killed_with_a_half_written_sealed_file,
        killed_with_a_sealed_file_that_is_not_listed,
        killed_before_the_old_active_file_was_removed,
    ],
)
def test_a_sealing_goes_on_where_it_was_killed(around_sealing, killed, batch):
    folder = killed(*around_sealing)
    for _ in range(2):
        store = Store(folder, LogSettings(), 0.0)
        assert messages(store) == ["1", "2", "1"]
        assert (store.sequence("s"), store.sequence("t"), store.next_id) == (2, 1, 4)
        assert files(folder, "sealed") == [SEALED]
        assert files(folder, "active") == [f"{4:020}.active"]
        assert files(folder, "tmp") == []
        store.close()


def test_a_removal_goes_on_where_it_was_killed(around_sealing, batch):
    _, folder = around_sealing
    (folder / SEALED).unlink()
    store = Store(folder, LogSettings(), 0.0)
    assert messages(store) == []
    assert store.append([batch("1", "2")], 0.0) == []
    store.close()


def test_a_segment_that_could_not_be_sealed_is_still_read_and_sealed_later(folder, opened, batch):
    store = opened()
    store.append([batch("kept")], 0.0)
    obstacle = folder / f"{SEALED}.tmp"
    obstacle.mkdir()
    with pytest.raises(OSError, match="Is a directory"):
        store.housekeep(HOUR)
    store.append([batch("new", sequence=2)], HOUR)
    assert messages(store) == ["new", "kept"]
    obstacle.rmdir()
    store.housekeep(HOUR)
    assert files(folder, "sealed") == [SEALED]
    assert messages(store) == ["new", "kept"]


def test_a_folder_in_use_is_refused(folder, opened):
    opened()
    with pytest.raises(BlockingIOError, match="another process uses this folder"):
        Store(folder, LogSettings(), 0.0)


def test_files_are_for_their_owner_only(folder, opened, batch):
    store = opened()
    store.append([batch("secret")], 0.0)
    store.housekeep(HOUR)
    assert folder.stat().st_mode & 0o777 == 0o700
    for kind in ("active", "sealed"):
        assert {path.stat().st_mode & 0o777 for path in folder.glob(f"*.{kind}")} == {0o600}
