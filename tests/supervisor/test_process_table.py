"""The table of processes: only legal moves, and what a row shows."""

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from kitfox.supervisor._process_table import ProcessTable, Row, State


def table() -> tuple[ProcessTable, list[Row]]:
    told: list[Row] = []
    return ProcessTable(["registry", "portal"], told.append), told


def test_a_process_waits_starts_and_is_ready():
    processes, told = table()
    processes.starting("portal")
    processes.runs_as("portal", 42)
    processes.says("portal", "opening the database")
    processes.ready("portal", ("http://127.0.0.1:5000",))
    assert [row.state for row in told] == ["starting", "starting", "starting", "ready"]
    assert processes.row("portal") == Row(
        name="portal",
        state=State.READY,
        pid=42,
        addresses=("http://127.0.0.1:5000",),
        status="opening the database",
    )
    assert processes.row("registry").state is State.WAITING


def test_a_crash_clears_what_was_true_of_the_old_process_and_counts():
    processes, _ = table()
    processes.starting("portal")
    processes.runs_as("portal", 42)
    processes.ready("portal", ("http://127.0.0.1:5000",))
    processes.backing_off("portal", "killed")
    row = processes.row("portal")
    assert (row.pid, row.addresses, row.status, row.restarts) == (None, (), "killed", 0)
    processes.starting("portal")
    assert (processes.row("portal").status, processes.row("portal").restarts) == ("", 1)


def test_the_same_words_twice_are_no_news():
    processes, told = table()
    processes.starting("portal")
    processes.runs_as("portal", 42)
    processes.says("portal", "warm")
    before = len(told)
    processes.says("portal", "warm")
    assert len(told) == before


def test_a_process_that_is_not_there_says_nothing():
    processes, told = table()
    processes.says("portal", "boo")
    assert told == []


@pytest.mark.parametrize("illegal", ["ready", "backing_off", "stopping", "failed"])
def test_an_illegal_move_is_the_supervisors_fault(illegal: str):
    processes, _ = table()
    arguments = {"ready": ((),), "backing_off": ("",), "failed": ("",)}.get(illegal, ())
    with pytest.raises(RuntimeError, match="portal is waiting, it cannot become"):
        getattr(processes, illegal)("portal", *arguments)


class Moves(RuleBasedStateMachine):
    """Whatever legal moves happen, the invariants of a row hold."""

    def __init__(self) -> None:
        super().__init__()
        self.table, self.told = table()

    @property
    def row(self) -> Row:
        return self.table.row("portal")

    def is_in(self, *states: State) -> bool:
        return self.row.state in states

    @precondition(lambda self: self.is_in(State.WAITING, State.BACKING_OFF, State.FAILED))
    @rule(pid=st.integers(1, 9))
    def start(self, pid: int) -> None:
        self.table.starting("portal")
        self.table.runs_as("portal", pid)

    @precondition(lambda self: self.is_in(State.STARTING))
    @rule()
    def ready(self) -> None:
        self.table.ready("portal", ("http://127.0.0.1:1",))

    @precondition(lambda self: self.is_in(State.STARTING, State.READY))
    @rule()
    def crash(self) -> None:
        self.table.backing_off("portal", "exit 1")

    @precondition(lambda self: self.is_in(State.STARTING, State.READY))
    @rule()
    def fail(self) -> None:
        self.table.failed("portal", "exit 2")

    @precondition(lambda self: self.is_in(State.STARTING, State.READY, State.RESTARTING))
    @rule()
    def stop(self) -> None:
        self.table.stopping("portal")

    @precondition(lambda self: self.is_in(State.WAITING, State.BACKING_OFF, State.STOPPING))
    @rule()
    def end(self) -> None:
        self.table.stopped("portal")

    @precondition(lambda self: self.is_in(State.READY))
    @rule(pid=st.integers(11, 19))
    def restart(self, pid: int) -> None:
        self.table.restarting("portal")
        self.table.runs_as("portal", pid)

    @precondition(lambda self: self.is_in(State.RESTARTING))
    @rule()
    def replace(self) -> None:
        gone, new = self.row.pid, self.row.heir
        self.table.replaced("portal", ("http://127.0.0.1:2",))
        assert self.row.pid == new
        assert self.row.leaving[-1] == gone

    @precondition(lambda self: self.is_in(State.RESTARTING))
    @rule()
    def go_on(self) -> None:
        self.table.goes_on("portal", "not restarted: exit 1")

    @precondition(lambda self: self.is_in(State.RESTARTING))
    @rule()
    def inherit(self) -> None:
        self.table.inherited("portal")

    @precondition(lambda self: self.row.leaving)
    @rule()
    def leave(self) -> None:
        self.table.left("portal", self.row.leaving[0])

    @rule()
    def speak(self) -> None:
        self.table.says("portal", "warm")

    @invariant()
    def only_what_runs_has_a_pid(self) -> None:
        runs = self.is_in(State.STARTING, State.READY, State.RESTARTING, State.STOPPING)
        assert (self.row.pid is not None) == runs

    @invariant()
    def only_what_serves_or_did_has_addresses(self) -> None:
        serves = self.is_in(State.READY, State.RESTARTING, State.STOPPING)
        assert not self.row.addresses or serves

    @invariant()
    def only_what_restarts_has_an_heir(self) -> None:
        assert self.row.heir is None or self.is_in(State.RESTARTING, State.STOPPING)

    @invariant()
    def the_last_news_is_the_truth(self) -> None:
        assert not self.told or self.told[-1] == self.row


TestMoves = Moves.TestCase
