"""Programs to run: a command says what, and may be run any number of times."""

import os
from contextlib import ExitStack
from functools import partial
from itertools import count, pairwise
from typing import Self, Unpack

from kitfox.exec._capture import Capture
from kitfox.exec._exit import Exit
from kitfox.exec._options import PIPE, STDOUT, Options
from kitfox.exec._pipe import WHOLE_LIMIT
from kitfox.exec._running import Running
from kitfox.exec._running_pipeline import RunningPipeline
from kitfox.exec._starting import Starting

_SHELL = "/bin/bash"


class Command:
    """A program, its arguments, and how it is to be run; see `Options` for the rest.

    Nothing happens before `run`, `output`, `combined_output` or `start`. No shell reads the
    arguments: they reach the program as they are.
    """

    __slots__ = ("_options", "_words")

    def __init__(
        self,
        name: str | os.PathLike[str],
        /,
        *args: str | os.PathLike[str],
        **options: Unpack[Options],
    ) -> None:
        if not name:
            raise ValueError("the name of a program is empty")
        self._words = tuple(map(_checked, count(), (name, *args)))
        self._options = _known(options)

    @classmethod
    def shell(cls, text: str, **options: Unpack[Options]) -> Self:
        """Make the command that lets bash run `text`; never put together of what others sent."""
        return cls(_SHELL, "-c", text, **options)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(map(repr, self._words))})"

    def __or__(self, other: "Command | Pipeline") -> "Pipeline":
        return Pipeline(self) | other

    @property
    def name(self) -> str:
        """The program, as it was named."""
        return self._words[0]

    @property
    def words(self) -> tuple[str, ...]:
        """The program, as it was named, and its arguments."""
        return self._words

    @property
    def options(self) -> Options:
        """What was said of it besides its words."""
        return self._options.copy()

    def with_options(self, **options: Unpack[Options]) -> "Command":
        """Make the same command with these options in place of its own."""
        return Command(*self._words, **(self._options | options))

    def start(self) -> Starting[Running]:
        """Start it, with `async with`, or with `await`: somebody must `wait` or `stop` it then.

        ProgramNotFoundError, RelativeProgramError; OSError when `cwd` is no directory, or when
        the system has no more of what a process needs. A task whose cancellation is due, by its
        scope's end or otherwise, is cancelled here, and starts nothing.
        """
        return Starting(partial(Running.start, self._words, self._options))

    async def run(self) -> Exit:
        """Start it and wait for its end; raises what `start` and `Running.wait` raise.

        ValueError when a stream is PIPE: nobody would be at our end.
        """
        _refuse_pipes(self)
        async with self.start() as running:
            return await running.wait()

    async def output(self) -> bytes:
        """Run it and give what it wrote to stdout.

        Raises what `run` raises; OutputTooLargeError beyond `limit`, which stops it.
        """
        capture = self.capture("stdout")
        await self.with_options(stdout=capture).run()
        return capture.getvalue()

    async def combined_output(self) -> bytes:
        """Run it and give what it wrote to stdout and stderr, in the order it was written."""
        capture = self.capture("stdout", "stderr")
        await self.with_options(stdout=capture, stderr=STDOUT).run()
        return capture.getvalue()

    def capture(self, *streams: str) -> Capture:
        """Make what takes the output of `streams`; ValueError when it leads elsewhere already."""
        for stream in streams:
            if self._options.get(stream) is not None:
                raise ValueError(f"{stream}: it was sent elsewhere, and cannot be captured too")
        return Capture(self._options.get("limit", WHOLE_LIMIT))


class Pipeline:
    """Commands of which each reads what the one before writes: `Command("a") | Command("b")`.

    The pipes are the system's: nothing passes through this process.
    """

    __slots__ = ("_commands",)

    def __init__(self, *commands: Command) -> None:
        if not commands:
            raise ValueError("a pipeline has one command or more")
        for writer, reader in pairwise(commands):
            if writer.options.get("stdout") is not None:
                raise ValueError(f"stdout of {writer.name}: it leads to the next of the pipeline")
            if reader.options.get("stdin") is not None:
                raise ValueError(f"stdin of {reader.name}: it comes from the one before")
        self._commands = commands

    def __repr__(self) -> str:
        return " | ".join(map(repr, self._commands))

    def __or__(self, other: "Command | Pipeline") -> "Pipeline":
        others = other._commands if isinstance(other, Pipeline) else (other,)
        return Pipeline(*self._commands, *others)

    def start(self) -> Starting[RunningPipeline]:
        """Start all; raises what `Command.start` raises, and leaves none running then."""
        return Starting(self._begin)

    def _begin(self) -> RunningPipeline:
        members: list[Running] = []
        with ExitStack() as ends:
            pipes = [_pipe(ends) for _ in self._commands[1:]]
            sources = (None, *(source for source, _ in pipes))
            targets = (*(target for _, target in pipes), None)
            try:
                for command, source, target in zip(self._commands, sources, targets, strict=True):
                    options = _between(command.options, source, target)
                    members.append(Running.start(command.words, options))
            except BaseException:
                for member in members:
                    member.abandon()
                raise
        return RunningPipeline(members)

    async def run(self) -> tuple[Exit, ...]:
        """Start all and wait for their ends; raises what `RunningPipeline.wait` raises.

        ValueError when a stream is PIPE: nobody would be at our end.
        """
        _refuse_pipes(*self._commands)
        async with self.start() as running:
            return await running.wait()

    async def output(self) -> bytes:
        """Run all and give what the last wrote to stdout; see `Command.output`."""
        *others, last = self._commands
        capture = last.capture("stdout")
        await Pipeline(*others, last.with_options(stdout=capture)).run()
        return capture.getvalue()


def _checked(position: int, word: str | os.PathLike[str]) -> str:
    """Give a word as a str; TypeError, ValueError, which show no word, for it may be secret."""
    try:
        text = os.fspath(word)
        broken = "\0" in text
    except TypeError:
        kind = type(word).__name__
        raise TypeError(f"argument {position}: a str or a path, not {kind}") from None
    if broken:
        raise ValueError(f"argument {position} has a NUL in it")
    return text


def _known(options: Options) -> Options:
    """Refuse what is no option: who misspells one believes it to be in force."""
    if unknown := sorted(options.keys() - Options.__optional_keys__):
        raise TypeError(f"a command has no option {', '.join(unknown)}")
    return options


def _refuse_pipes(*commands: Command) -> None:
    for command in commands:
        for stream in ("stdin", "stdout", "stderr"):
            if command.options.get(stream) is PIPE:
                raise ValueError(f"{stream} of {command.name}: PIPE is for `start`, to use it by")


def _pipe(ends: ExitStack) -> tuple[int, int]:
    source, target = os.pipe()
    ends.callback(os.close, source)
    ends.callback(os.close, target)
    return source, target


def _between(options: Options, source: int | None, target: int | None) -> Options:
    if source is not None:
        options["stdin"] = source
    if target is not None:
        options["stdout"] = target
    return options
