"""SIGUSR2, which asks a supervisor to become the program that is there now."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import NoReturn

_WAITING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR2)


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
