"""The spool: first in, first out, across deaths."""

import pytest

from kitfox.services.logs._spool import Spool

MOST = 8192


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "spool"


def drained(spool):
    taken = []
    while (payload := spool.first()) is not None:
        taken.append(payload)
        spool.drop_first()
    return taken


def test_frames_leave_in_the_order_they_came(folder):
    spool = Spool(folder, MOST)
    payloads = [b"%d" % n * 50 for n in range(40)]
    assert all(spool.append(payload) for payload in payloads)
    assert drained(spool) == payloads
    spool.close()


def test_what_was_not_taken_is_there_for_the_next_process(folder):
    spool = Spool(folder, MOST)
    for n in range(40):
        spool.append(b"%d" % n * 100)
    for _ in range(3):
        spool.drop_first()
    # No close: the process was killed.
    left = drained(Spool(folder, MOST))
    assert left[-37:] == [b"%d" % n * 100 for n in range(3, 40)]


def test_a_torn_frame_is_cut_off_and_the_spool_goes_on(folder):
    spool = Spool(folder, MOST)
    spool.append(b"whole")
    spool.append(b"torn")
    (file,) = folder.glob("*.spool")
    file.write_bytes(file.read_bytes()[:-2])
    again = Spool(folder, MOST)
    again.append(b"after")
    assert drained(again) == [b"whole", b"after"]


def test_a_full_spool_refuses_and_takes_again_when_there_is_room(folder):
    spool = Spool(folder, MOST)
    count = 0
    while spool.append(b"x" * 500):
        count += 1
    assert count == MOST // 508
    assert spool.size <= MOST
    drained(spool)
    assert spool.append(b"x" * 500)
    spool.close()


def test_an_empty_spool_takes_no_room(folder):
    spool = Spool(folder, MOST)
    for _ in range(30):
        spool.append(b"x" * 200)
    drained(spool)
    assert spool.size == 0
    assert len(spool) == 0
    spool.close()
    assert list(folder.iterdir()) == []
