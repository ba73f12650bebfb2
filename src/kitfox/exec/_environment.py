"""Environments: what a command finds in its variables."""

import os
from collections.abc import Iterable, Mapping

Variables = Mapping[str, str] | Iterable[tuple[str, str]]

# The one variable that a command gets besides those it is given: by it, what it started and lost
# sight of is found again. A command started by a command has both their words in it.
MARK = "KITFOX_COMMAND"
_SEPARATOR = ":"


def environment(*parts: Variables) -> dict[str, str]:
    """Join variables into one environment; of those with one name, the last wins.

    `environment(os.environ, {"LANG": "C"})` is what we have, with one changed; ours stays as it
    is. Raises ValueError, TypeError for a name or value that no process can get.
    """
    joined: dict[str, str] = {}
    for part in parts:
        joined.update(part)
    for name, value in joined.items():
        _check(name, value)
    return joined


def _check(name: str, value: str) -> None:
    try:
        no_name = not name or "=" in name or "\0" in name
        no_value = "\0" in value
    except TypeError:
        raise TypeError(f"environment: {name!r} and its value have to be str") from None
    if no_name:
        raise ValueError(f"environment: {name!r} is no name: it is empty, or has '=' or NUL in it")
    if no_value:
        raise ValueError(f"environment: the value of {name} has a NUL in it")


def marked(variables: Mapping[str, str], outer: str, word: str) -> dict[str, str]:
    """Add a command's word to its variables, after `outer`, the words of those we run under."""
    words = _SEPARATOR.join(filter(None, (outer, word)))
    return {**variables, MARK: words}


def read_marks(environ: bytes) -> frozenset[str]:
    """Read the words in the mark of a process, whose environment is as /proc shows it."""
    name = b"\0" + MARK.encode() + b"="
    mark = (b"\0" + environ).partition(name)[2].partition(b"\0")[0]
    return frozenset(filter(None, mark.decode(errors="replace").split(_SEPARATOR)))


def for_command(given: Variables | None, cwd: str | os.PathLike[str] | None) -> dict[str, str]:
    """Give a command's variables: those it was given, or ours, PWD then naming where it runs."""
    if given is not None:
        return environment(given)
    ours = environment(os.environ)
    return ours if cwd is None else {**ours, "PWD": os.path.abspath(cwd)}  # noqa: PTH100  keeps ".."
