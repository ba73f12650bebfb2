"""How an end is read from what wait(2) gives, and told."""

import signal
from types import SimpleNamespace

import pytest

from kitfox.exec import Exit, ExitError
from kitfox.exec._exit import read_status

USAGE = SimpleNamespace(ru_utime=0.5, ru_stime=0.25)


@pytest.mark.parametrize(
    ("status", "code", "number", "words"),
    [
        (0, 0, None, "ended with code 0"),
        (3 << 8, 3, None, "ended with code 3"),
        (signal.SIGKILL, -1, signal.SIGKILL, "ended by SIGKILL"),
        (signal.SIGSEGV | 0x80, -1, signal.SIGSEGV, "ended by SIGSEGV, core dumped"),
        (40, -1, 40, "ended by signal 40"),
    ],
)
def test_a_status_is_a_code_or_a_signal(status, code, number, words):
    end = read_status(7, status, USAGE)
    assert (end.pid, end.code, end.signal, str(end)) == (7, code, number, words)
    assert (end.user_seconds, end.system_seconds) == (0.5, 0.25)
    assert end.ok == (code == 0)


def test_an_end_that_another_was_told_is_not_well():
    end = Exit(7, code=-1)
    assert not end.ok
    assert str(end) == "ended, and somebody else was told how"


@pytest.mark.parametrize("end", [Exit(7, code=-1, signal=signal.SIGPIPE), Exit(7, code=141)])
def test_a_broken_pipe_is_known_from_a_program_and_from_a_shell(end):
    assert end.broken_pipe


def test_an_exit_error_tells_the_program_the_end_and_the_last_line_of_stderr():
    error = ExitError("git", Exit(7, code=128), b"hint\nfatal: no repository\n")
    assert str(error) == "git: ended with code 128: fatal: no repository"
    assert (error.code, error.signal) == (128, None)


def test_a_long_last_line_is_cut():
    assert len(str(ExitError("cc", Exit(7, code=1), b"x" * 100_000))) < 300
