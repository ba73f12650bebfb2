"""What a process answers when it is asked how it does. Pure."""

from typing import NamedTuple


class Result(NamedTuple):
    """How one check went: after how many seconds, and what was wrong, if anything was."""

    name: str
    error: str = ""
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        """Whether nothing was wrong."""
        return not self.error

    def __str__(self) -> str:
        """Write the line of a person's page."""
        mark, what = ("+", "ok") if self.ok else ("-", self.error)
        return f"[{mark}] {self.name} {self.seconds * 1000:.1f} ms: {what}"


class Report(NamedTuple):
    """How all of them went. Without any there is nothing to complain of."""

    results: tuple[Result, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether nothing was wrong anywhere."""
        return all(result.ok for result in self.results)

    def __str__(self) -> str:
        """Write a person's page: a line for each check."""
        return "\n".join([*map(str, self.results), "ok" if self.ok else "failed"])
