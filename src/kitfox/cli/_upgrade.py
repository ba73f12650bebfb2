"""Having the program that is installed now take over a system, in the same process."""

import os
import sys
from collections.abc import Mapping
from typing import Final

from kitfox.app import Config
from kitfox.cli._exit import Failed
from kitfox.cli._signals import become_anew
from kitfox.exec import Command, ExecError, ExitError
from kitfox.scope import fail_after
from kitfox.supervisor import Legacy, NotSettledError, Supervisor

_TRIAL: Final = 30.0  # seconds


async def take_over(supervisor: Supervisor) -> str:
    """Run that program in the place of this one; return only if that was not possible: why."""
    try:
        if fault := await _fault_of_program(supervisor.leave()):
            return fault
        become_anew(supervisor.leave())  # as all is after the trial
    except (NotSettledError, OSError) as error:
        return str(error)


def try_on(config: Config) -> None:
    """Do what a program does first that takes over. Raises Failed when it could not go on."""
    try:
        Legacy.check(os.environ, config)
    except ValueError as error:
        raise Failed(str(error)) from None


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
