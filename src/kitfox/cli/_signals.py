"""Signals that ask a process to stop, or to read its configuration again.

SIGHUP says two things: the terminal is gone, and so the process should be; or, where there is still
one, or never was, read the configuration again.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import NoReturn

_STOPPING = (signal.SIGINT, signal.SIGTERM)
_WAITING = (*_STOPPING, signal.SIGHUP, signal.SIGUSR2)
_TERMINAL = "/dev/tty"


@contextmanager
def stop_signals(stop: Callable[[], None], reload: Callable[[], None]) -> Iterator[None]:
    """Call `stop` or `reload` at each signal that asks for it, while the context is open."""
    loop = asyncio.get_running_loop()
    had_terminal = has_terminal()

    def hung_up() -> None:
        if had_terminal and not has_terminal():
            stop()
        else:
            reload()

    for number in _STOPPING:
        loop.add_signal_handler(number, stop)
    loop.add_signal_handler(signal.SIGHUP, hung_up)
    try:
        yield
    finally:
        for number in (*_STOPPING, signal.SIGHUP):
            loop.remove_signal_handler(number)


@contextmanager
def upgrade_signal(upgrade: Callable[[], None]) -> Iterator[None]:
    """Call `upgrade` at each SIGUSR2; let in what `become_anew` has kept out."""
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGUSR2, upgrade)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _WAITING)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGUSR2)


def become_anew(environ: Mapping[str, str]) -> NoReturn:
    """Run this program again in the same process, as it is on disk now.

    A signal that comes before the new one listens would end it: it waits until then. Raises OSError
    when it cannot be run.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, _WAITING)
    try:
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], environ)  # noqa: S606
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _WAITING)


def has_terminal() -> bool:
    """Tell whether this process has a terminal that is there."""
    try:
        os.close(os.open(_TERMINAL, os.O_RDONLY | os.O_NOCTTY))
    except OSError:
        return False
    return True
