"""What tests of commands share."""

from pathlib import Path

import pytest

from kitfox.exec import PIPE

TASKS = Path("/proc/self/task")


@pytest.fixture(autouse=True)
def no_descriptor_left():
    """Fail a test that leaves a file descriptor open."""
    before = len(open_files())
    yield
    assert len(open_files()) <= before


@pytest.fixture
def children():
    """Give what lists our children, the dead that nobody waited for included."""

    def children():
        return [pid for task in TASKS.glob("*/children") for pid in task.read_text().split()]

    return children


def open_files():
    return list(Path("/proc/self/fd").iterdir())


@pytest.fixture
def start():
    """Start a command that is known to have begun: it has said its first line, which is given."""

    async def start(command):
        running = await command.with_options(stdout=PIPE).start()
        return running, (await running.stdout.readline()).decode().strip()

    return start
