"""Where a program is: PATH searched as a shell does, save that the current directory is no place.

A program is run from the current directory only when its path says so (`./program`): whoever can
write into a directory that is unpacked, shared or downloaded to must not choose our programs.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from kitfox.exec._errors import ProgramNotFoundError, RelativeProgramError


def look_path(name: str, *, path: str | None = None) -> str:
    """Find the program `name` in the directories of `path`, by default of our PATH.

    A name with a slash is a path already, and only looked at. Raises ProgramNotFoundError, and
    RelativeProgramError when the first place that has it depends on the current directory.
    PermissionError: the path is there, and cannot be executed.
    """
    if "/" in name:
        check_program(Path(name))
        return name
    for place in candidates(name, os.environ.get("PATH", "") if path is None else path):
        if is_program(Path(place)):
            return absolute(name, place)
    raise ProgramNotFoundError(f"{name}: no directory of PATH has such a program")


def candidates(name: str, path: str) -> Iterator[str]:
    """Give the places where PATH says to look, in order; an empty entry is where we are."""
    if name and path:
        for directory in path.split(os.pathsep):
            yield f"{directory or '.'}/{name}"


def absolute(name: str, place: str) -> str:
    """Refuse a place that depends on the current directory."""
    if not place.startswith("/"):
        raise RelativeProgramError(name, place)
    return place


def is_program(path: Path) -> bool:
    """Tell whether there is a file that we may execute; none is where we may not even look."""
    try:
        return path.is_file() and os.access(path, os.X_OK)
    except OSError:
        return False


def check_program(path: Path) -> None:
    """Raise ProgramNotFoundError or PermissionError when there is no such program."""
    if not path.exists():
        raise ProgramNotFoundError(f"{path}: there is no such file")
    if not is_program(path):
        raise PermissionError(f"{path}: not a file that we may execute")
