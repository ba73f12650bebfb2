"""Starting the processes of a system: what they inherit, and how they are heard."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from kitfox.net import HANDED_OVER, LIFELINE, NotifySocket, to_hand_over
from kitfox.supervisor._legacy import Child
from kitfox.supervisor._life import Ear
from kitfox.supervisor._plan import Plan
from kitfox.supervisor._process import Process


class Launcher:
    """Starts one life at a time; `ears` is a folder with a short path."""

    def __init__(
        self,
        *,
        environ: Mapping[str, str],
        lifeline: int,
        ears: Path,
        left: Iterable[Child] = (),
    ) -> None:
        self._environ = environ
        self._lifeline = lifeline
        self._ears = ears
        self._left = {child.name: child for child in left}

    @asynccontextmanager
    async def launch(self, plan: Plan, ear: Ear) -> AsyncIterator[Process]:
        """Start a service; OSError when that is impossible.

        Each life has a socket of its own to speak to, so that no news of another one is heard. The
        first of a process that was left by another program is that one, as it is.
        """
        if child := self._left.pop(plan.name, None):
            process = await Process.adopt(child.pid, child.pipe, wrote=ear.wrote)
            asyncio.get_running_loop().call_soon(ear.told, _news_of(child))
            yield process
            return
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


def _news_of(child: Child) -> dict[str, str]:
    return {
        "READY": "1",
        "X_ADDRESS": " ".join(child.addresses),
        "X_SERVICES": " ".join(child.services),
    }


async def _hear(notified: NotifySocket, ear: Ear) -> None:
    async for notification in notified:
        ear.told(notification.fields)
