"""Processes that count their connections for each other."""

import os
import subprocess
import sys

import pytest

from kitfox.net._tally import Tally, open_tally

OTHER = """
import sys
from kitfox.net._tally import Tally
tally = Tally.join(int(sys.argv[1]))
print("no place" if tally is None else sorted(tally.others().values()), flush=True)
for line in sys.stdin:
    tally.count(int(line)) if line.strip() else tally.leave()
    print("done", flush=True)
"""


class Other:
    """A process that counts too."""

    def __init__(self, fd: int) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", OTHER, str(fd)],
            pass_fds=[fd],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.saw = self._answer()

    def tell(self, line: object) -> None:
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()
        assert self._answer() == "done"

    def end(self) -> None:
        with self.process:
            self.process.kill()

    def _answer(self) -> str:
        return self.process.stdout.readline().strip()


@pytest.fixture
def fd():
    opened = open_tally(1)
    yield opened
    os.close(opened)


@pytest.fixture
def tally(fd):
    joined = Tally.join(fd)
    yield joined
    joined.leave()


@pytest.fixture
def other(fd, tally):
    started = Other(fd)
    yield started
    started.end()


def test_processes_see_each_others_counts_and_not_their_own(tally, other):
    assert other.saw == "[0]"
    assert list(tally.others().values()) == [0]
    tally.count(7)
    other.tell(3)
    assert list(tally.others().values()) == [3]


def test_who_leaves_is_counted_no_more(tally, other):
    other.tell("")
    assert tally.others() == {}


def test_who_is_killed_leaves_a_place_that_another_takes_with_a_count_of_its_own(fd, tally, other):
    other.tell(3)
    other.end()
    successor = Other(fd)
    try:
        assert list(tally.others().values()) == [0]
    finally:
        successor.end()


def test_who_finds_no_place_is_not_counted(fd, tally, other):
    one_too_many = Other(fd)
    one_too_many.end()
    assert one_too_many.saw == "no place"
    assert len(tally.others()) == 1
