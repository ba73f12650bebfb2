"""Listening sockets that whoever started this process hands over, for the listeners they are for.

Two conventions: systemd's (sd_listen_fds(3)), whose descriptors are 3 and those that follow; and
that of a supervisor of ours, which cannot put a child's own pid into its environment, nor choose
the numbers of its descriptors: it names each descriptor in KITFOX_SOCKETS.
"""

import socket
from collections.abc import Callable, Collection, Iterable, Mapping, MutableMapping
from typing import Final, Self

from kitfox.net._address import Address, parse_address
from kitfox.net._listen import address_of, adopt, bind, inherited, resolved
from kitfox.net._shared_socket import SharedSocket
from kitfox.net._tally import is_tally

Bind = Callable[[str], socket.socket]
"""Opens what listens at an address, as `bind` does."""

HANDED_OVER: Final = "KITFOX_SOCKETS"
"""The environment variable of our own convention: lines of a descriptor and a name."""

_SYSTEMD: Final = ("LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES")
_EVERYWHERE: Final = frozenset({"0.0.0.0", "::"})  # noqa: S104 - to know it, not to listen there


class Sockets:
    """Sockets that listen already, each with a name, until a listener takes them.

    What nobody has taken is closed by `close`, lest its callers wait for ever.
    """

    def __init__(self, handed: Iterable[tuple[str, socket.socket]] = ()) -> None:
        self._handed = list(handed)

    @classmethod
    def inherit(cls, environ: MutableMapping[str, str], pid: int) -> Self:
        """Adopt what is handed over to process `pid`, and hide that from what it starts itself.

        Raises ValueError for a variable that makes no sense, OSError for what is no socket.
        """
        named = zip(_names(environ), inherited(environ, pid), strict=False)
        ours = _adopted(_read(environ.get(HANDED_OVER, "")))
        found = cls([*ours, *named])
        for variable in (HANDED_OVER, *_SYSTEMD):
            environ.pop(variable, None)
        return found

    def take(self, *names: str) -> socket.socket | None:
        """Return the socket of one of these names, if there is one."""
        for place, (given, listening) in enumerate(self._handed):
            if given and given in names:
                del self._handed[place]
                return listening
        return None

    def bind(self, address: str, *names: str) -> socket.socket:
        """Return the socket of one of these names, or one that listens at the address.

        If there is none, open one. Raises what `bind` of this room raises.
        """
        if named := self.take(*names):
            return named
        for place, (_, listening) in enumerate(self._handed):
            if _fits(address, listening):
                del self._handed[place]
                return listening
        return bind(address)

    def close(self) -> None:
        """Close those that nobody has taken."""
        while self._handed:
            self._handed.pop()[1].close()


def to_hand_over(descriptors: Mapping[int, str]) -> str:
    """Return the value of KITFOX_SOCKETS that hands descriptors with names to a child."""
    return "\n".join(f"{fd} {name}" for fd, name in descriptors.items())


def _read(text: str) -> list[tuple[int, str]]:
    lines = [line.partition(" ") for line in text.splitlines()]
    for fd, _, _ in lines:
        if not (fd.isascii() and fd.isdigit()):
            raise ValueError(f"{HANDED_OVER}: expected lines of a descriptor and a name: {text!r}")
    return [(int(fd), name) for fd, _, name in lines]


def _adopted(handed: Iterable[tuple[int, str]]) -> list[tuple[str, socket.socket]]:
    """Adopt sockets, and tallies: each comes right behind its socket, under the same name."""
    found: list[tuple[str, socket.socket]] = []
    for fd, name in handed:
        if found and found[-1][0] == name and is_tally(fd):
            found[-1] = name, SharedSocket.of(found[-1][1], fd)
        else:
            found.append((name, adopt(fd)))
    return found


def _names(environ: Mapping[str, str]) -> list[str]:
    """Return the names that systemd gives, as many as there can be descriptors."""
    given = environ.get("LISTEN_FDNAMES", "").split(":")
    return given + [""] * 64


def _fits(address: str, listening: socket.socket) -> bool:
    """Whether a socket listens at an address that names its port."""
    wanted = parse_address(address)
    found = parse_address(address_of(listening))
    if not (isinstance(wanted, Address) and isinstance(found, Address)):
        return wanted == found
    if not wanted.port or wanted.port != found.port:
        return False
    return found.host in (wanted.host, *_hosts(wanted))


def _hosts(wanted: Address) -> Collection[str]:
    """Return what a socket for an address may say that it is bound to."""
    if wanted.host in _EVERYWHERE:
        return _EVERYWHERE  # who listens at [::] is reached by version 4 too, as a rule
    try:
        return [str(resolved(wanted)[1][0])]
    except OSError:  # nobody listens at a name that is not known
        return []
