"""An event loop whose time jumps: half a minute of waiting is over at once.

Rules:

- Time stands still while anything can run. When nothing can, it jumps to the next timer.
- No timer either: nothing will ever happen again, and `Deadlock` says who waits for what.
- Sockets, pipes and processes live in another time, which cannot jump: the loop refuses them.
  Meet over the memory wire.
- What is sent to a thread is run at once, in the loop's own thread: it takes no time, and what
  happens first does not depend on the machine.

So a test does the same each time, as long as its random numbers have a seed.
"""

import asyncio
import functools
import selectors
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import Executor
from typing import Any, Final, NoReturn, ParamSpec, TypeVar, TypeVarTuple

T = TypeVar("T")
P = ParamSpec("P")
Ts = TypeVarTuple("Ts")

_ELSEWHERE: Final = (
    "virtual time does not pass for sockets, pipes and processes: use the memory wire"
)
_NAMED: Final = 10  # tasks that are named in an error


class Deadlock(RuntimeError):
    """Nothing can happen any more, and something is still waited for."""


class VirtualClock(asyncio.SelectorEventLoop):
    """The loop; `asyncio.Runner(loop_factory=VirtualClock)` runs on it. Its time begins at 0.0.

    When it has turned so many `turns` at one moment, something polls without ever sleeping.

    Raises:
        Deadlock: out of what runs it, when all tasks wait, and for no timer; or when one polls.
        RuntimeError: a socket, a pipe or a process is to be waited for.
    """

    def __init__(self, *, turns: int = 1_000_000) -> None:
        self._jumps = _Jumps(turns)
        super().__init__(self._jumps)

    def time(self) -> float:
        """Return the virtual time, in seconds since the loop was made."""
        return self._jumps.now

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[*Ts], T], *args: *Ts
    ) -> asyncio.Future[T]:
        """Run `func` here and now."""
        done: asyncio.Future[T] = self.create_future()
        try:
            done.set_result(func(*args))
        except Exception as error:  # noqa: BLE001 - whatever it is belongs to who asked
            done.set_exception(error)
        return done

    async def subprocess_exec(self, *_: Any, **__: Any) -> NoReturn:  # noqa: ANN401 - any process
        """Refuse to start a process."""
        raise RuntimeError(_ELSEWHERE)

    async def subprocess_shell(self, *_: Any, **__: Any) -> NoReturn:  # noqa: ANN401 - any process
        """Refuse to start a process."""
        raise RuntimeError(_ELSEWHERE)


def virtual_time(main: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, T]:
    """Make a plain function of a coroutine function: it runs on a `VirtualClock` of its own.

    Raises what `main` raises, and Deadlock.
    """

    @functools.wraps(main)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        with asyncio.Runner(loop_factory=VirtualClock) as runner:
            return runner.run(main(*args, **kwargs))

    return run


class _Jumps(selectors.BaseSelector):
    """Waits for nothing: what is not there yet is brought about by the passing of time.

    It watches one file, by which the loop hears of signals and of other threads.
    """

    def __init__(self, turns: int) -> None:
        self.now = 0.0
        self._real = selectors.DefaultSelector()
        self._most_turns = turns
        self._turns = 0

    def register(
        self,
        fileobj: Any,  # noqa: ANN401 - as its base
        events: int,
        data: Any = None,  # noqa: ANN401 - as its base
    ) -> selectors.SelectorKey:
        if self._real.get_map():
            raise RuntimeError(_ELSEWHERE)
        return self._real.register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:  # noqa: ANN401 - as its base
        return self._real.unregister(fileobj)

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._real.get_map()

    def close(self) -> None:
        self._real.close()

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Return what has happened; if nothing has, let `timeout` seconds be over."""
        if ready := self._real.select(0):
            return ready
        if timeout is None:
            raise Deadlock(f"nothing can happen after {self.now:g} s: {_waiting()}")
        self._pass(timeout)
        return []

    def _pass(self, seconds: float) -> None:
        self.now += seconds
        self._turns = 0 if seconds > 0 else self._turns + 1
        if self._turns > self._most_turns:
            self._turns = 0
            raise Deadlock(f"no time passes after {self.now:g} s, something polls: {_waiting()}")


def _waiting() -> str:
    """Say which tasks wait, and where; some of them, if they are many."""
    tasks = sorted(asyncio.all_tasks(), key=lambda task: task.get_name())
    places = [_place(task) for task in tasks[:_NAMED]]
    if len(tasks) > _NAMED:
        places.append(f"and {len(tasks) - _NAMED} more")
    return "; ".join(places) or "no task is left"


def _place(task: asyncio.Task[Any]) -> str:
    frames = task.get_stack(limit=1)
    where = f"{frames[0].f_code.co_filename}:{frames[0].f_lineno}" if frames else "its start"
    return f"{task.get_name()} waits at {where}"
