"""What runs in a command's process before its program, when something has to be set there.

`python -I -S _prelude.py WORDS PROGRAM NAME ARGUMENT…`; of the words, `terminal` makes stdin the
terminal of the session, and `contain` makes the process the one that inherits the orphans of its
tree, so that none is lost sight of while it runs (prctl(2), PR_SET_CHILD_SUBREAPER; it stays set
across exec). This costs the start of an interpreter, 15 to 30 ms.
"""

import os
import signal
import sys

_PR_SET_CHILD_SUBREAPER = 36


def _become(words: list[str], program: str, arguments: list[str]) -> None:
    if "terminal" in words:
        import fcntl  # noqa: PLC0415  every import here delays the program
        import termios  # noqa: PLC0415

        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    if "contain" in words:
        import ctypes  # noqa: PLC0415

        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    # Python ignores these, and what is ignored would stay so in the program.
    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)
    os.execv(program, arguments)  # noqa: S606  to become the program is the purpose


def _main(words: str, program: str, *arguments: str) -> None:
    try:
        _become(words.split(","), program, list(arguments))
    except OSError as error:
        sys.stderr.write(f"{program}: {error.strerror}\n")
        sys.exit(127 if isinstance(error, FileNotFoundError) else 126)


if __name__ == "__main__":
    _main(*sys.argv[1:])
