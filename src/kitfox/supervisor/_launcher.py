"""Starting the processes of a system: what they inherit, and how they are heard."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

from kitfox.net import HANDED_OVER, LIFELINE, NotifySocket, to_hand_over
from kitfox.supervisor._legacy import Child, Heard
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
        self._heard: dict[int, Heard] = {}

    def heard(self, pid: int) -> Heard | None:
        """Return how a process is heard, while it is."""
        return self._heard.get(pid)

    @asynccontextmanager
    async def launch(self, plan: Plan, ear: Ear) -> AsyncIterator[Process]:
        """Start a service; OSError when that is impossible.

        Each life has a socket of its own to speak to, so that no news of another one is heard. The
        first of a process that was left by another program is that one, as it is.
        """
        left = self._left.pop(plan.name, None)
        with self._socket(left) as notified:
            process = await (_adopt(left, ear) if left else self._start(plan, ear, notified))
            folder = str(Path(notified.address).parent)
            self._heard[process.pid] = Heard(process.output, notified.fd, folder)
            hearing = asyncio.create_task(_hear(notified, ear))
            try:
                yield process
            finally:
                del self._heard[process.pid]
                hearing.cancel()
                await asyncio.wait([hearing])

    @contextmanager
    def _socket(self, left: Child | None) -> Iterator[NotifySocket]:
        folder = left.heard.folder if left else mkdtemp(dir=self._ears)
        try:
            with NotifySocket(Path(folder), left.heard.ear if left else None) as notified:
                yield notified
        finally:
            rmtree(folder, ignore_errors=True)

    async def _start(self, plan: Plan, ear: Ear, notified: NotifySocket) -> Process:
        return await Process.start(
            plan.command,
            environ={
                **self._environ,
                "PYTHONUNBUFFERED": "1",
                **plan.environment,
                "NOTIFY_SOCKET": notified.address,
                "WATCHDOG_USEC": str(round(plan.silence * 1e6)),
                "WATCHDOG_PID": "",  # whoever runs us may ask us, and not what we start
                LIFELINE: str(self._lifeline),
                HANDED_OVER: to_hand_over(plan.sockets),
            },
            folder=plan.folder,
            fds=(self._lifeline, *plan.sockets),
            wrote=ear.wrote,
        )


async def _adopt(left: Child, ear: Ear) -> Process:
    """Take over what another program has started, and know what that one knew of it."""
    process = await Process.adopt(left.pid, left.heard.pipe, wrote=ear.wrote)
    asyncio.get_running_loop().call_soon(ear.told, _news_of(left))
    return process


def _news_of(child: Child) -> dict[str, str]:
    return {
        "READY": "1",
        "X_ADDRESS": " ".join(child.addresses),
        "X_SERVICES": " ".join(child.services),
        "WATCHDOG": str(int(child.beats)),
    }


async def _hear(notified: NotifySocket, ear: Ear) -> None:
    async for notification in notified:
        ear.told(notification.fields)
