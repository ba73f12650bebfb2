"""What may go wrong with a command, each as a class of its own."""

from kitfox.exec._exit import Exit

_SHOWN = 200  # characters of the last line of stderr in a message


class ExecError(Exception):
    """Something went wrong with a command or a process; the family of the room's errors."""


class ProgramNotFoundError(ExecError, FileNotFoundError):
    """No directory of PATH has such a program, or the path that was named leads to none."""


class RelativeProgramError(ExecError):
    """The program was found only relative to the current directory, where anybody may put one.

    `path` is what was found; a command made with that path runs it.
    """

    def __init__(self, name: str, path: str) -> None:
        super().__init__(f"{name}: PATH leads to {path}, relative to the current directory")
        self.path = path


class ProcessDoneError(ExecError, ProcessLookupError):
    """The process has finished, or was released: there is nobody to signal or to wait for."""


class ExitError(ExecError):
    """The command ended, and not with code 0.

    `exit` says how; `stderr` is what it wrote there, beginning and end, unless the command's
    stderr was sent elsewhere. The message names the program but no arguments: those may be secret.
    """

    def __init__(self, name: str, exit: Exit, stderr: bytes = b"") -> None:
        said = stderr.decode(errors="replace").strip().rpartition("\n")[2][:_SHOWN]
        super().__init__(f"{name}: {exit}" + (f": {said}" if said else ""))
        self.exit = exit
        self.stderr = stderr

    @property
    def code(self) -> int:
        """The code it ended with; -1 when a signal ended it."""
        return self.exit.code

    @property
    def signal(self) -> int | None:
        """The signal that ended it, or None."""
        return self.exit.signal


class OutputTooLargeError(ExecError):
    """A command wrote more than the limit on what is captured."""


class LineTooLongError(ExecError):
    """A line was longer than the limit on lines."""


class WaitDelayError(ExecError):
    """The command ended well, but others hold its output open; what they write later is lost."""
