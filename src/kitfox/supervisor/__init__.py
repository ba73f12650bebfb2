"""Keeping a system's processes: started in order, replaced beside themselves, ended in reverse."""

from kitfox.supervisor._claim import AlreadyRunningError as AlreadyRunningError
from kitfox.supervisor._held_sockets import PortTakenError as PortTakenError
from kitfox.supervisor._keeper import (
    NotSettledError as NotSettledError,
    RestartFailedError as RestartFailedError,
)
from kitfox.supervisor._legacy import Legacy as Legacy
from kitfox.supervisor._life import Patience as Patience
from kitfox.supervisor._process_table import Row as Row, State as State
from kitfox.supervisor._restart import Restart as Restart
from kitfox.supervisor._status_file import Status as Status, StatusFile as StatusFile
from kitfox.supervisor._supervision import (
    Program as Program,
    Step as Step,
    Supervision as Supervision,
)
from kitfox.supervisor._supervisor import Supervisor as Supervisor

__all__ = [
    "AlreadyRunningError",
    "Legacy",
    "NotSettledError",
    "Patience",
    "PortTakenError",
    "Program",
    "Restart",
    "RestartFailedError",
    "Row",
    "State",
    "Status",
    "StatusFile",
    "Step",
    "Supervision",
    "Supervisor",
]
