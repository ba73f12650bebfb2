"""How a command becomes a process: what is executed, where, and with which variables.

The start is done in the loop's thread, and takes 0.7 ms or so of it: vfork keeps the interpreter's
lock until the program runs, so that a thread of its own would gain nothing, and a start that is
not interrupted leaves no process without an owner.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from kitfox.exec._environment import MARK, for_command, marked
from kitfox.exec._look_path import check_program, look_path
from kitfox.exec._options import Options
from kitfox.exec._places import check_open

_PRELUDE = Path(__file__).with_name("_prelude.py")


def spawn(
    words: Sequence[str], options: Options, streams: Sequence[int], mark: str
) -> subprocess.Popen[bytes]:
    """Start `words` with the three `streams`, in a session of its own.

    Raises what `look_path` raises, and OSError for a directory that is not there.
    """
    cwd = options.get("cwd")
    stdin, stdout, stderr = streams
    given = for_command(options.get("env"), cwd)
    passed = options.get("pass_fds", ())
    for fd in passed:
        check_open("pass_fds", fd)
    argv, program = _program(words, options)
    return subprocess.Popen(
        argv,
        executable=program,
        cwd=cwd,
        env=marked(given, os.environ.get(MARK, ""), mark),
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        pass_fds=passed,
        start_new_session=True,
    )


def _program(words: Sequence[str], options: Options) -> tuple[Sequence[str], str]:
    """Give what is executed, and under which words: the program, or a prelude to it."""
    program = _find(words[0], options.get("cwd"))
    settings = [name for name in ("terminal", "contain") if options.get(name)]
    if not settings:
        return words, program
    prelude = [sys.executable, "-I", "-S", str(_PRELUDE), ",".join(settings), program, *words]
    return prelude, sys.executable


def _find(name: str, cwd: str | os.PathLike[str] | None) -> str:
    """Find the program; a path is seen from where the command will run."""
    if "/" not in name:
        return look_path(name)
    check_program(Path(cwd or "", name))
    return name
