"""Starting the processes of a system: what they inherit, and how they are heard."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from kitfox.app._config_schema import Config
from kitfox.app._keeper import Told
from kitfox.app._lifeline import LIFELINE
from kitfox.app._process import Process
from kitfox.net import NotifySocket

Command = Callable[[str], Sequence[str]]


class Launcher:
    """Starts one life of one service at a time; `ears` is a folder with a short path."""

    def __init__(
        self,
        config: Config,
        command: Command,
        *,
        environ: Mapping[str, str],
        lifeline: int,
        ears: Path,
        wrote: Callable[[str, str], None],
    ) -> None:
        self._config = config
        self._command = command
        self._environ = environ
        self._lifeline = lifeline
        self._ears = ears
        self._wrote = wrote

    @asynccontextmanager
    async def launch(self, name: str, told: Told) -> AsyncIterator[Process]:
        """Start a service; OSError when that is impossible.

        Each life has a socket of its own to speak to, so that no news of an earlier one is heard.
        """
        with TemporaryDirectory(dir=self._ears) as folder, NotifySocket(Path(folder)) as ear:
            hearing = asyncio.create_task(_hear(ear, told))
            try:
                yield await Process.start(
                    self._command(name),
                    environ=self._inherited(name, ear),
                    folder=self._config.file.parent,
                    fds=(self._lifeline,),
                    wrote=lambda line: self._wrote(name, line),
                )
            finally:
                hearing.cancel()
                await asyncio.wait([hearing])

    def _inherited(self, name: str, ear: NotifySocket) -> dict[str, str]:
        return {
            **self._environ,
            "PYTHONUNBUFFERED": "1",
            **self._config.services[name].environment,
            "NOTIFY_SOCKET": ear.address,
            LIFELINE: str(self._lifeline),
        }


async def _hear(ear: NotifySocket, told: Told) -> None:
    async for notification in ear:
        told(notification.fields)
