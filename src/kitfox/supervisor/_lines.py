"""Cutting what a process writes into lines. Pure."""


class Lines:
    """Bytes in, whole lines out; a line longer than the limit comes in pieces."""

    def __init__(self, limit: int = 16_384) -> None:
        self._limit = limit
        self._rest = b""

    def feed(self, data: bytes) -> list[str]:
        """Take bytes, return the lines they complete."""
        *whole, self._rest = (self._rest + data).split(b"\n")
        lines = [piece for line in whole for piece in self._pieces(line)]
        while len(self._rest) >= self._limit:
            lines.append(_text(self._rest[: self._limit]))
            self._rest = self._rest[self._limit :]
        return lines

    def flush(self) -> list[str]:
        """Return the last line when it had no end."""
        rest, self._rest = self._rest, b""
        return [_text(rest)] if rest else []

    def _pieces(self, line: bytes) -> list[str]:
        ends = range(0, max(len(line), 1), self._limit)
        return [_text(line[at : at + self._limit]) for at in ends]


def _text(line: bytes) -> str:
    return line.decode("utf-8", "replace").rstrip("\r")
