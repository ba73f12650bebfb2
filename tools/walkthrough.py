"""Walk through a page as its reader would: write its files, run its code, type its commands."""

import ast
import asyncio
import contextlib
import inspect
import json
import os
import shlex
import signal
import sys
import tomllib
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process
from collections.abc import Callable, Coroutine
from contextvars import Context
from pathlib import Path
from types import ModuleType
from typing import Self

from kitfox.scope import fail_after
from pages import Block, Step, agrees, steps

# How long one step of a page may take, seconds.
PATIENCE = 30.0


class Walkthrough:
    """One reader in an empty folder; leaving stops every command that is still running."""

    def __init__(self, folder: Path, module: ModuleType) -> None:
        self._folder = folder
        self._module = module
        self._running: list[_Running] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        for command in reversed(self._running):
            await command.stop()

    async def follow(self, block: Block) -> None:
        """Do what the block is for; raise AssertionError when a command prints something else."""
        if block.file is not None:
            self._write(block.file, block.text)
        match block.language:
            case "python" if block.file is None:
                await self._run(block)
            case "toml":
                tomllib.loads(block.text)
            case "json":
                json.loads(block.text)
            case "console":
                for step in steps(block):
                    await self._type(step)
            case _:
                pass

    def _write(self, name: str, text: str) -> None:
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        if path.suffix == ".py":
            sys.modules.pop(path.stem, None)  # a test before may have left one of this name

    async def _run(self, block: Block) -> None:
        source = "\n" * block.line + block.text  # a traceback then names the page's own lines
        code = compile(source, str(block.page), "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        result: object = eval(code, self._module.__dict__)  # noqa: S307  our own pages
        if inspect.iscoroutine(result):
            await _alone(result)

    async def _type(self, step: Step) -> None:
        command = await _Running.start(step.command, self._folder)
        self._running.append(command)
        if step.stays:
            await command.until(lambda printed: agrees(step.output, printed, whole=False))
        else:
            await command.ended()
        shown = f"$ {step.command}\n{step.output}\nbut it printed:\n{command.printed}"
        assert step.stays or step.output or command.status == 0, shown
        assert not step.output or agrees(step.output, command.printed, whole=not step.stays), shown


async def _alone(code: Coroutine[object, object, object]) -> None:
    """Run a page's code as its reader would: under no deadline that it did not set."""
    task = asyncio.create_task(code, context=Context())
    _, late = await asyncio.wait([task], timeout=PATIENCE)
    if late:
        task.cancel()
    await task


class _Running:
    """A command whose output is always read, so that it never waits for us."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._output = bytearray()
        self._grown = asyncio.Event()
        self._reader = asyncio.create_task(self._read())

    @classmethod
    async def start(cls, command: str, folder: Path) -> "_Running":
        process = await asyncio.create_subprocess_exec(
            *shlex.split(command),
            cwd=folder,
            env=_environment(),
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=STDOUT,
            start_new_session=True,
        )
        return cls(process)

    @property
    def printed(self) -> str:
        return self._output.decode()

    @property
    def status(self) -> int | None:
        return self._process.returncode

    async def until(self, enough: Callable[[str], bool]) -> None:
        """Wait until enough was printed, the command ended, or patience did."""
        with contextlib.suppress(TimeoutError):
            async with fail_after(PATIENCE):
                while not (enough(self.printed) or self._reader.done()):
                    self._grown.clear()
                    await self._grown.wait()

    async def ended(self) -> None:
        async with fail_after(PATIENCE):
            await self._reader
            await self._process.wait()

    async def stop(self) -> None:
        """Ask the command and all it started to end; after PATIENCE end them."""
        self._signal(signal.SIGTERM)
        try:
            await self.ended()
        except TimeoutError:
            self._signal(signal.SIGKILL)
            await self.ended()

    def _signal(self, number: signal.Signals) -> None:
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):  # ended, and nobody has said so yet
                os.killpg(self._process.pid, number)

    async def _read(self) -> None:
        assert self._process.stdout is not None
        while chunk := await self._process.stdout.read(65536):
            self._output += chunk
            self._grown.set()
        self._grown.set()


def _environment() -> dict[str, str]:
    """Put this Python's commands first, and the folder's modules in reach."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return os.environ | {"PATH": path, "PYTHONPATH": ".", "NO_COLOR": "1", "COLUMNS": "100"}
