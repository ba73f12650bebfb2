"""Having the program that is installed now take over a system, in the same process."""

import sys
from collections.abc import Mapping
from typing import Final

from kitfox.cli._signals import become_anew
from kitfox.exec import Command, ExecError, ExitError
from kitfox.scope import fail_after
from kitfox.supervisor import NotSettledError, Supervisor

_TRIAL: Final = 30.0  # seconds


async def take_over(supervisor: Supervisor) -> str:
    """Run that program in the place of this one; return only if that was not possible: why."""
    try:
        if fault := await _fault_of_program(supervisor.leave()):
            return fault
        become_anew(supervisor.leave())  # as all is after the trial
    except (NotSettledError, OSError) as error:
        return str(error)


async def _fault_of_program(environ: Mapping[str, str]) -> str:
    """Return why the program that would take over could not; nothing if it could."""
    trial = Command(sys.executable, *sys.orig_argv[1:], "--trial", env=environ)
    try:
        async with fail_after(_TRIAL):
            await trial.run()
    except TimeoutError:
        return f"the program that is there now takes more than {_TRIAL:.0f} s to begin"
    except ExitError as error:
        return error.stderr.decode("utf-8", "replace").strip() or str(error)
    except ExecError as error:
        return str(error)
    return ""
