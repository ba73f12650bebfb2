"""The table against a model that is too simple to be wrong, and what followers make of it."""

import msgspec
from hypothesis import given, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from kitfox.core import RPCError
from kitfox.registry import Instance, Snapshot, Table, View

SERVICES = st.sampled_from(["users", "logs"])
IDS = st.sampled_from(["a", "b", "c"])
OWNERS = st.sampled_from([b"one", b"two"])
INSTANCES = st.builds(
    Instance, SERVICES, IDS, version=st.sampled_from(["1", "2"]), addresses=st.just(("http://x",))
)


class TableMachine(RuleBasedStateMachine):
    """The model is a dict of (instance, owner, end of lease)."""

    def __init__(self) -> None:
        super().__init__()
        self.table = Table()
        self.model: dict[tuple[str, str], tuple[Instance, bytes, float]] = {}
        self.now = 0.0
        self.revision = 0

    @rule(seconds=st.floats(0.0, 10.0))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds
        ended = {(instance.service, instance.id) for instance in self.table.expire(self.now)}
        assert ended == {key for key, (_, _, end) in self.model.items() if end <= self.now}
        for key in ended:
            del self.model[key]

    @rule(instance=INSTANCES, owner=OWNERS, ttl=st.sampled_from([1.0, 6.0]))
    def register(self, instance: Instance, owner: bytes, ttl: float) -> None:
        try:
            self.table.register(instance, owner=owner, now=self.now, ttl=ttl)
        except RPCError:
            known = self.model.get((instance.service, instance.id))
            assert known is None or known[1] != owner
            return
        self.model[instance.service, instance.id] = (instance, owner, self.now + ttl)

    @rule(service=SERVICES, id=IDS, owner=OWNERS)
    def renew(self, service: str, id: str, owner: bytes) -> None:
        known = self.model.get((service, id))
        try:
            ttl = self.table.renew(service, id, owner=owner, now=self.now)
        except RPCError:
            assert known is None or known[1] != owner
            return
        assert known is not None
        self.model[service, id] = (known[0], known[1], self.now + ttl)

    @rule(service=SERVICES, id=IDS, owner=OWNERS)
    def deregister(self, service: str, id: str, owner: bytes) -> None:
        known = self.model.get((service, id))
        try:
            self.table.deregister(service, id, owner=owner, now=self.now)
        except RPCError:
            assert known is None or known[1] != owner
            return
        del self.model[service, id]

    @invariant()
    def snapshots_tell_the_truth_and_revisions_never_go_back(self) -> None:
        for service in ("users", "logs"):
            snapshot = self.table.snapshot(service)
            assert snapshot.revision <= self.table.revision
            assert set(snapshot.instances or ()) == {
                instance for instance, _, _ in self.model.values() if instance.service == service
            }
        assert self.table.revision >= self.revision
        self.revision = self.table.revision

    @invariant()
    def the_next_end_is_the_earliest(self) -> None:
        ends = [end for _, _, end in self.model.values()]
        assert self.table.next_end() == min(ends, default=float("inf"))


TestTable = TableMachine.TestCase
TestTable.settings = settings(max_examples=60, stateful_step_count=40)


def history(changes: list[tuple[str, bool]]) -> list[Snapshot]:
    """Return the snapshots of a service after each registration (True) or removal (False)."""
    table = Table()
    snapshots = [table.snapshot("users")]
    for name, present in changes:
        if present:
            table.register(Instance("users", name), owner=b"", now=0.0)
        else:
            table.evict("users", name)
        snapshots.append(table.snapshot("users"))
    return snapshots


CHANGES = st.lists(st.tuples(IDS, st.booleans()), max_size=20)


@given(CHANGES, st.data())
def test_a_subscriber_converges_whatever_the_order_duplication_or_loss(
    changes: list[tuple[str, bool]], data: st.DataObject
):
    snapshots = history(changes)
    arriving = data.draw(st.lists(st.sampled_from(snapshots), max_size=30))
    arriving.insert(data.draw(st.integers(0, len(arriving))), snapshots[-1])
    view = View()
    for snapshot in arriving:
        view.apply(snapshot)
    assert view.instances == frozenset(snapshots[-1].instances or ())


@given(st.lists(CHANGES, min_size=1, max_size=4), st.data())
def test_a_subscriber_converges_over_registries_that_lost_their_state(
    lives: list[list[tuple[str, bool]]], data: st.DataObject
):
    view = View()
    for changes in lives:
        snapshots = history(changes)
        begin = data.draw(st.integers(0, len(snapshots) - 1))
        view.subscribed()
        for snapshot in snapshots[begin:]:
            view.apply(snapshot)
            view.apply(msgspec.structs.replace(snapshot, instances=None))
        assert view.instances >= frozenset(snapshots[-1].instances or ())
        view.settle()
        assert view.instances == frozenset(snapshots[-1].instances or ())
