"""Signals that ask a process to stop, or to read its configuration again.

SIGHUP says two things: the terminal is gone, and so the process should be; or, where there is still
one, or never was, read the configuration again.
"""

import asyncio
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_STOPPING = (signal.SIGINT, signal.SIGTERM)
_TERMINAL = "/dev/tty"


@contextmanager
def stop_signals(stop: Callable[[], None], reload: Callable[[], None]) -> Iterator[None]:
    """Call `stop` or `reload` at each signal that asks for it, while the context is open."""
    loop = asyncio.get_running_loop()
    had_terminal = _has_terminal()

    def hung_up() -> None:
        if had_terminal and not _has_terminal():
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
def first_signal(stop: Callable[[], None]) -> Iterator[None]:
    """Turn the first SIGINT or SIGTERM into `stop`, and leave the second its usual effect."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()

    def once() -> None:
        _restore(loop)
        stop()

    for number in _STOPPING:
        loop.add_signal_handler(number, once)
    try:
        yield
    finally:
        _restore(loop)


def _has_terminal() -> bool:
    """Tell whether this process has a terminal that is there."""
    try:
        os.close(os.open(_TERMINAL, os.O_RDONLY | os.O_NOCTTY))
    except OSError:
        return False
    return True


def _restore(loop: asyncio.AbstractEventLoop) -> None:
    for number in _STOPPING:
        loop.remove_signal_handler(number)
