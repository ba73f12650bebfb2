"""Keeping one process of a system running, from its first start until it is told to stop.

Rules:

- Nothing runs before `start`; `stop` before it means that nothing ever will.
- When a life ends unasked and none follows it, another begins after the wait that Restart decides.
- `renew` begins a life beside the one that counts. When it is ready, the old one leaves; when it
  ends before, the old one goes on, and whoever asked is told why. Where two may not run at once,
  the old one leaves first, and the sockets keep its callers.
- Asked to renew while a life is beginning, it renews once more after that, however often it was
  asked. Asked while it backs off or has failed, it begins at once.
- `stop` asks all lives kindly, and kills after the grace; `kill` neither asks nor waits.
"""

import asyncio
import signal
from collections.abc import Callable

from kitfox.supervisor._legacy import Child, Heard
from kitfox.supervisor._life import End, Launch, Life, Patience
from kitfox.supervisor._plan import Plan
from kitfox.supervisor._process_table import ProcessTable, Row, State
from kitfox.supervisor._restart import Restart
from kitfox.supervisor._succession import Ended, Succession

_BEGINNING = frozenset({State.WAITING, State.STARTING, State.RESTARTING})
_RUNNING = frozenset({State.STARTING, State.READY, State.RESTARTING})


class RestartFailedError(Exception):
    """A process could not be restarted; `words` are the last that the new one wrote."""

    def __init__(self, name: str, why: str, words: tuple[str, ...] = ()) -> None:
        super().__init__(f"{name} was not restarted: {why}")
        self.name = name
        self.words = words


class NotSettledError(Exception):
    """A process is not simply ready, and cannot be left to another program."""

    def __init__(self, name: str, row: Row) -> None:
        leaving = ", and the one that it replaced is leaving" if row.leaving else ""
        super().__init__(f"{name} is {row.state}{leaving}")


class Keeper:
    """Keeps one process; its row in the table is its own to move."""

    def __init__(
        self,
        plan: Plan,
        table: ProcessTable,
        restart: Restart,
        patience: Patience,
        draw: Callable[[], float],
        wrote: Callable[[str, str], None],
    ) -> None:
        self.name = plan.name
        self._plan = plan  # of the life that counts
        self._next = plan  # of the one that is asked for
        self._table = table
        self._restart = restart
        self._patience = patience
        self._draw = draw
        self._wrote = wrote
        self._succession = Succession()
        self._lives: dict[int, Life] = {}
        self._asked: list[asyncio.Future[None]] = []  # for a life that is to begin
        self._answers: list[asyncio.Future[None]] = []  # for the one that has begun
        self._wake: asyncio.TimerHandle | None = None
        self._in_turn = self._stopping = False
        self._fate = End(0, "")
        self._begins = asyncio.Event()
        self._live: Callable[[Life], object] = _nobody_keeps
        self.tried = asyncio.Event()  # its first life became ready, or ended
        self.over = asyncio.Event()

    def start(self) -> None:
        """Let it begin."""
        self._begins.set()

    def stop(self) -> None:
        """End it kindly, for good."""
        self._stop(Life.leave)

    def kill(self) -> None:
        """End it at once, for good, and all that it started."""
        self._stop(Life.kill)

    async def keep(self, launch: Launch) -> None:
        """Run until stopped."""
        try:
            await self._begins.wait()
            async with asyncio.TaskGroup() as group:
                self._live = lambda life: group.create_task(self._see(life, launch))
                if self._stopping:
                    self._settle()
                else:
                    self._begin()
                await self.over.wait()
        finally:
            self.tried.set()
            self.over.set()

    async def renew(self, plan: Plan) -> None:
        """Have a new life as `plan` says take over; RestartFailedError when it does not."""
        if self._stopping:
            raise RestartFailedError(self.name, "it is stopping")
        self._next = plan
        self._asked.append(asyncio.get_running_loop().create_future())
        answer = self._asked[-1]
        self._renew_if_asked()
        await answer

    def leave(self, heard: Callable[[int], Heard | None]) -> Child:
        """Return what another program must know to keep it. Raises NotSettledError.

        `heard` says how a process is heard, while it is.
        """
        row = self._table.row(self.name)
        life = self._lives.get(self._succession.counts or 0)
        settled = row.state is State.READY and not row.leaving
        if not settled or life is None or life.pid is None or (by := heard(life.pid)) is None:
            raise NotSettledError(self.name, row)
        return Child(
            name=self.name,
            pid=life.pid,
            heard=by,
            grace=life.plan.grace,
            silence=life.plan.silence,
            beats=life.beats,
            addresses=row.addresses,
            services=row.services,
        )

    # What lives tell.

    def runs(self, life: Life, pid: int) -> None:
        """Note the process of a life."""
        self._table.runs_as(self.name, pid)

    def says(self, life: Life, status: str) -> None:
        """Note the words of the life that counts."""
        if life.number == self._succession.counts:
            self._table.says(self.name, status)

    def ready(self, life: Life) -> None:
        """Let a life that is ready count, and the one it follows leave."""
        self._restart.ready(self._now())
        self._plan = life.plan
        followed = self._succession.ready(life.number)
        if followed is None:
            self._table.ready(self.name, life.addresses, life.services)
        else:
            self._table.replaced(self.name, life.addresses)
            self._lives[followed].leave()
        self.tried.set()
        self._answer(None)
        self._renew_if_asked()

    def wrote(self, line: str) -> None:
        """Pass a line on."""
        self._wrote(self.name, line)

    async def _see(self, life: Life, launch: Launch) -> None:
        end = await life.run(launch)
        del self._lives[life.number]
        self._ended(life, end)
        self._settle()

    def _ended(self, life: Life, end: End) -> None:
        match self._succession.ended(life.number):
            case Ended.LEFT:
                self._table.left(self.name, life.pid or 0)
            case Ended.HEIR:
                if not self._stopping:
                    self._table.goes_on(self.name, f"not restarted: {end.how}")
                    self._despair(end)
                    self._renew_if_asked()
            case Ended.INHERITED:
                if not self._stopping:
                    self._table.inherited(self.name)
            case Ended.LAST:
                self._fate = end
                if not self._stopping:
                    self._go_on(end)

    # What follows from it.

    def _go_on(self, end: End) -> None:
        if self._in_turn:
            self._in_turn = False
            self._begin()
            return
        self.tried.set()
        self._despair(end)
        wait = self._restart.decide(self._now(), end.code, self._draw())
        if wait is None:
            self._table.failed(self.name, end.how)
        else:
            self._table.backing_off(self.name, f"{end.how}; again in {wait:.1f} s")
            self._wake = asyncio.get_running_loop().call_later(wait, self._begin)
        self._renew_if_asked()

    def _renew_if_asked(self) -> None:
        state = self._table.row(self.name).state
        if not self._asked or state in _BEGINNING:
            return
        if state is not State.READY:
            self._begin()
            return
        self._table.restarting(self.name)
        if self._next.overlap and self._plan.overlap:
            self._take_up(self._next)
        else:
            self._in_turn = True
            self._lives[self._succession.counts or 0].leave()

    def _begin(self) -> None:
        """Begin the life that counts."""
        self._unwake()
        self._table.starting(self.name)
        self._plan = self._next
        self._take_up(self._plan)

    def _take_up(self, plan: Plan) -> None:
        """Begin a life, for all who have asked."""
        self._answers += self._asked
        self._asked = []
        life = Life(self._succession.begin(), plan, self._patience, self)
        self._lives[life.number] = life
        self._live(life)

    def _stop(self, end: Callable[[Life], None]) -> None:
        self._stopping = True
        self._unwake()
        if self._table.row(self.name).state in _RUNNING:
            self._table.stopping(self.name)
        for life in self._lives.values():
            end(life)
        self._answers += self._asked
        self._asked = []
        self._answer(RestartFailedError(self.name, "it was told to stop"))
        self._begins.set()
        self._settle()

    def _settle(self) -> None:
        """Be over, when it is to stop and nothing of it runs."""
        if not self._stopping or self._lives or self.over.is_set():
            return
        if self._table.row(self.name).state is not State.FAILED:
            killed = self._fate.code == -signal.SIGKILL
            self._table.stopped(self.name, self._fate.how if killed else "")
        self.over.set()

    def _despair(self, end: End) -> None:
        """Tell who waits for a life that it has ended, and return to the plan that has worked."""
        self._answer(RestartFailedError(self.name, end.how, end.words))
        if not self._asked:
            self._next = self._plan

    def _answer(self, error: RestartFailedError | None) -> None:
        for answer in self._answers:
            if answer.done():
                continue  # nobody waits any more
            if error is None:
                answer.set_result(None)
            else:
                answer.set_exception(error)
        self._answers = []

    def _unwake(self) -> None:
        if self._wake is not None:
            self._wake.cancel()

    def _now(self) -> float:
        return asyncio.get_running_loop().time()


def _nobody_keeps(life: Life) -> None:
    raise RuntimeError(f"life {life.number} cannot begin: lives do so in `keep`")
