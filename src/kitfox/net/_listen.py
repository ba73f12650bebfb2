"""Listening sockets: opened here, or handed over by the process that started this one."""

import errno
import os
import socket
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from kitfox.net._address import Address, UnixAddress, parse_address

BACKLOG: Final = 2048
_FIRST_HANDED_OVER = 3  # sd_listen_fds(3): 0, 1 and 2 are the standard streams
_MOST_HANDED_OVER = 64


def bind(address: str) -> socket.socket:
    """Open a socket that listens at `address`; it does not block.

    `:8080` is the loopback of version 4, `0.0.0.0:8080` and `[::]:8080` are said on purpose, port 0
    picks a free one, `unix:/path` is open to this user only. The socket listens at once: two that
    are merely bound could share a port, and the second would learn it too late.

    Raises ValueError for a malformed address, OSError with a plain text when it cannot be had.
    """
    place = parse_address(address)
    return _bind_unix(place) if isinstance(place, UnixAddress) else _bind_tcp(place)


def reserve(address: str) -> socket.socket:
    """Keep a TCP port for servers that open it themselves: they may share it, and it stays.

    Nothing listens there yet. Raises what `bind` raises.
    """
    place = Address.parse(address)
    family, where = resolved(place)
    reserved = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        reserved.bind(where)
    except OSError as error:
        reserved.close()
        raise _explained(error, place) from error
    return reserved


def is_reserved(kept: socket.socket) -> bool:
    """Whether a socket comes from `reserve`."""
    return kept.family != socket.AF_UNIX and bool(
        kept.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT)
        and not kept.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    )


def address_of(listening: socket.socket) -> str:
    """Return where a socket listens, as `bind` would take it; a picked port is filled in."""
    name = listening.getsockname()
    if listening.family == socket.AF_UNIX:
        return str(UnixAddress(name))
    return str(Address(name[0], name[1]))


def inherited(environ: Mapping[str, str], pid: int) -> list[socket.socket]:
    """Adopt the listening sockets that whoever started process `pid` hands over.

    The convention is sd_listen_fds(3): LISTEN_PID names the receiver, LISTEN_FDS how many there
    are. Without it, or when it is meant for another process, the list is empty. Raises ValueError
    when LISTEN_FDS is no sensible number, OSError when a descriptor is no socket.
    """
    return [adopt(fd) for fd in _handed_over(environ, pid)]


def _handed_over(environ: Mapping[str, str], pid: int) -> range:
    if environ.get("LISTEN_PID") != str(pid):
        return range(0)
    count = environ.get("LISTEN_FDS", "")
    if not (count.isascii() and count.isdigit() and int(count) <= _MOST_HANDED_OVER):
        expected = f"expected a number from 0 to {_MOST_HANDED_OVER}"
        raise ValueError(f"LISTEN_FDS is {count!r}: {expected}")
    return range(_FIRST_HANDED_OVER, _FIRST_HANDED_OVER + int(count))


def adopt(fd: int) -> socket.socket:
    """Make a handed-over descriptor this process's alone. Raises OSError when it is no socket."""
    try:
        adopted = socket.socket(fileno=fd)
    except OSError as error:
        text = f"descriptor {fd} was handed over to be listened at: {error.strerror}"
        raise OSError(error.errno, text) from error
    adopted.set_inheritable(False)  # what this process starts must not hold the port
    adopted.settimeout(0.0)
    return adopted


def _bind_tcp(address: Address) -> socket.socket:
    family, where = resolved(address)
    # asyncio sets TCP_NODELAY on what it accepts only where the protocol is named: without it each
    # reply of two writes takes 44 ms.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(where)
        listening.listen(BACKLOG)
        listening.settimeout(0.0)
    except OSError as error:
        listening.close()
        raise _explained(error, address) from error
    return listening


def resolved(address: Address) -> tuple[socket.AddressFamily, tuple[object, ...]]:
    """Return what a socket for an address is made of. Raises OSError in words."""
    try:
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError) as error:  # UnicodeError: a name that no DNS could hold
        text = f"host {address.host!r} is not known here"
        raise OSError(errno.EADDRNOTAVAIL, text) from error
    family, _, _, _, where = found[0]
    return family, where


def _explained(error: OSError, address: Address) -> OSError:
    texts = {
        errno.EADDRINUSE: f"port {address.port} is taken; another process listens at {address}",
        errno.EACCES: f"port {address.port} is for privileged processes; choose one above 1023",
        errno.EADDRNOTAVAIL: f"{address.host} is not an address of this machine",
    }
    text = texts.get(error.errno or 0, f"cannot listen at {address}: {error.strerror}")
    return OSError(error.errno, text)


def _bind_unix(address: UnixAddress) -> socket.socket:
    _remove_if_stale(address)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        os.fchmod(listening.fileno(), 0o600)  # before bind: the file is never open to others
        listening.bind(address.path)
        listening.listen(BACKLOG)
        listening.settimeout(0.0)
    except OSError as error:
        listening.close()
        text = f"cannot listen at {address}: {error.strerror or error}"
        raise OSError(error.errno or errno.EINVAL, text) from error
    return listening


def _remove_if_stale(address: UnixAddress) -> None:
    """Remove the socket file of a process that is gone; refuse that of a living one."""
    path = Path(address.path)
    if not path.exists():
        return
    if not path.is_socket():
        raise OSError(errno.EADDRINUSE, f"{path} exists and is not a socket")
    with suppress(FileNotFoundError):
        if _answers(address.path):
            raise OSError(errno.EADDRINUSE, f"{address} is taken; another process listens there")
        path.unlink()


def _answers(path: str) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(0.0)
        try:
            probe.connect(path)
        except ConnectionRefusedError:
            return False
        except BlockingIOError:
            return True  # its queue is full: busy, but there
    return True
