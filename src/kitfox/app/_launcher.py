"""Starting the processes of a system: what they inherit, and how they are heard."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from kitfox.app._life import Ear
from kitfox.app._lifeline import LIFELINE
from kitfox.app._plan import Plan
from kitfox.app._process import Process
from kitfox.net import HANDED_OVER, NotifySocket, to_hand_over


class Launcher:
    """Starts one life at a time; `ears` is a folder with a short path."""

    def __init__(self, *, environ: Mapping[str, str], lifeline: int, ears: Path) -> None:
        self._environ = environ
        self._lifeline = lifeline
        self._ears = ears

    @asynccontextmanager
    async def launch(self, plan: Plan, ear: Ear) -> AsyncIterator[Process]:
        """Start a service; OSError when that is impossible.

        Each life has a socket of its own to speak to, so that no news of another one is heard.
        """
        with TemporaryDirectory(dir=self._ears) as folder, NotifySocket(Path(folder)) as notified:
            hearing = asyncio.create_task(_hear(notified, ear))
            try:
                yield await Process.start(
                    plan.command,
                    environ=self._inherited(plan, notified),
                    folder=plan.folder,
                    fds=(self._lifeline, *plan.sockets),
                    wrote=ear.wrote,
                )
            finally:
                hearing.cancel()
                await asyncio.wait([hearing])

    def _inherited(self, plan: Plan, notified: NotifySocket) -> dict[str, str]:
        return {
            **self._environ,
            "PYTHONUNBUFFERED": "1",
            **plan.environment,
            "NOTIFY_SOCKET": notified.address,
            LIFELINE: str(self._lifeline),
            HANDED_OVER: to_hand_over(plan.sockets),
        }


async def _hear(notified: NotifySocket, ear: Ear) -> None:
    async for notification in notified:
        ear.told(notification.fields)
