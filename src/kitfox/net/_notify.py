"""Telling whoever started a process how it fares: the protocol of sd_notify(3).

A datagram of lines `NAME=value` goes to the Unix socket named by NOTIFY_SOCKET. `READY=1` says the
process serves, `STOPPING=1` that it is about to end, `STATUS=…` anything to a person; `RELOADING=1`
that it reads its configuration again, until it says READY anew; `WATCHDOG=1` that its loop turns.
"""

import asyncio
import os
import re
import socket
import struct
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from kitfox.net._listen import adopt

_MOST_BYTES = 8192
_MOST_LINES = 64
_NAME = re.compile(r"[A-Z][A-Z0-9_]*")
_CREDENTIALS = struct.Struct("3i")  # struct ucred: pid, uid, gid


class Notifier:
    """Sends notifications, or does nothing when nobody listens."""

    def __init__(self, address: str | None) -> None:
        self._address = address

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Self:
        """Make one for NOTIFY_SOCKET: a path, or `@name` in the abstract namespace of Linux.

        Raises ValueError when it is neither.
        """
        address = environ.get("NOTIFY_SOCKET") or None
        if address is not None and not address.startswith(("/", "@")):
            raise ValueError(f"NOTIFY_SOCKET is {address!r}: expected a path or '@name'")
        return cls(address)

    def send(self, **fields: str) -> bool:
        """Send one notification, as in `send(READY="1", STATUS="serving")`; never waits.

        Returns whether it was delivered: a listener that is gone or overwhelmed is no reason to
        fail. Raises ValueError for a field that is no name, or has a line break in its value.
        """
        datagram = format_notification(fields)
        return self._address is not None and _send(self._address, datagram)


class Heartbeat:
    """Says from the running loop that it turns, while the context is open, every `period` seconds.

    A loop that is blocked says nothing, and whoever listens knows it. No period: nobody asks.
    """

    def __init__(self, notifier: Notifier, period: float | None) -> None:
        self._notifier = notifier
        self._period = period
        self._timer: asyncio.TimerHandle | None = None

    @classmethod
    def from_environ(cls, notifier: Notifier, environ: Mapping[str, str], pid: int) -> Self:
        """Make one for WATCHDOG_USEC: half of that, as sd_watchdog_enabled(3) has it.

        WATCHDOG_PID names the process that is asked, if it is not all that see the variables.
        Raises ValueError when one of them is no whole number above 0.
        """
        microseconds = _whole(environ, "WATCHDOG_USEC")
        if microseconds is None or _whole(environ, "WATCHDOG_PID") not in (None, pid):
            return cls(notifier, None)
        return cls(notifier, microseconds / 2e6)

    def __enter__(self) -> Self:
        self._beat()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _beat(self) -> None:
        if self._period is not None:
            self._notifier.send(WATCHDOG="1")
            self._timer = asyncio.get_running_loop().call_later(self._period, self._beat)


def _whole(environ: Mapping[str, str], name: str) -> int | None:
    text = environ.get(name, "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and int(text)):
        raise ValueError(f"{name} is {text!r}: expected a whole number above 0")
    return int(text)


@dataclass(frozen=True, slots=True)
class Notification:
    """What a process told: its pid, if the kernel vouches for one (Linux), and the fields."""

    pid: int | None
    fields: Mapping[str, str]


class NotifySocket:
    """The listener's end: a socket in `folder`, to be named to children as NOTIFY_SOCKET.

    `fd` is that socket, if the program that ran in this process before has left it open. Iterating
    yields notifications as they come; malformed ones are dropped. Only processes of this user can
    send any.
    """

    def __init__(self, folder: Path, fd: int | None = None) -> None:
        self._path = folder / "notify"
        self._socket = _bound_at(self._path) if fd is None else adopt(fd)

    @property
    def fd(self) -> int:
        """The descriptor of the socket."""
        return self._socket.fileno()

    @property
    def address(self) -> str:
        """The value for a child's NOTIFY_SOCKET."""
        return str(self._path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the socket and remove its file."""
        self._socket.close()
        self._path.unlink(missing_ok=True)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Notification:
        while True:
            received = self._receive()
            if received is not None:
                return received
            await self._readable()

    def _receive(self) -> Notification | None:
        """Return the next well-formed notification that has arrived."""
        while (datagram := self._datagram()) is not None:
            pid, data = datagram
            with suppress(ValueError):
                return Notification(pid, parse_notification(data))
        return None

    def _datagram(self) -> tuple[int | None, bytes] | None:
        room = socket.CMSG_SPACE(_CREDENTIALS.size)
        try:
            data, ancillary, _, _ = self._socket.recvmsg(_MOST_BYTES + 1, room)
        except BlockingIOError:
            return None
        return _pid(ancillary), data

    async def _readable(self) -> None:
        loop = asyncio.get_running_loop()
        readable = asyncio.Event()
        loop.add_reader(self._socket, readable.set)
        try:
            await readable.wait()
        finally:
            loop.remove_reader(self._socket)


def _bound_at(path: Path) -> socket.socket:
    bound = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        if sys.platform == "linux":
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        bound.settimeout(0.0)
        os.fchmod(bound.fileno(), 0o600)
        path.unlink(missing_ok=True)
        bound.bind(str(path))
    except OSError:
        bound.close()
        raise
    return bound


def format_notification(fields: Mapping[str, str]) -> bytes:
    """Write a notification; raises ValueError for what could not be read back."""
    for name, value in fields.items():
        if not _NAME.fullmatch(name):
            raise ValueError(f"notification field {name!r}: expected capitals, as in READY")
        if "\n" in value:
            raise ValueError(f"notification field {name}: its value {value!r} has a line break")
    return "\n".join(f"{name}={value}" for name, value in fields.items()).encode()


def parse_notification(datagram: bytes) -> dict[str, str]:
    """Read a notification; raises ValueError when it is malformed, too long, or has too many lines.

    The last of several lines with one name counts.
    """
    if len(datagram) > _MOST_BYTES:
        raise ValueError(f"a notification is over {_MOST_BYTES} bytes")
    lines = datagram.decode().strip("\n").split("\n")  # UnicodeDecodeError is a ValueError
    if len(lines) > _MOST_LINES:
        raise ValueError(f"a notification has over {_MOST_LINES} lines")
    return dict(_field(line) for line in lines)


def _field(line: str) -> tuple[str, str]:
    name, equals, value = line.partition("=")
    if not equals or not _NAME.fullmatch(name):
        raise ValueError(f"notification line {line!r}: expected 'NAME=value'")
    return name, value


def _pid(ancillary: list[tuple[int, int, bytes]]) -> int | None:
    for level, kind, data in ancillary:
        if sys.platform == "linux" and (level, kind) == (socket.SOL_SOCKET, socket.SCM_CREDENTIALS):
            pid: int = _CREDENTIALS.unpack(data)[0]
            return pid
    return None


def _send(address: str, datagram: bytes) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.settimeout(0.0)
        try:
            sender.sendto(datagram, "\0" + address[1:] if address.startswith("@") else address)
        except OSError:
            return False
    return True
