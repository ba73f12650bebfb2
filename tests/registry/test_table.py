import msgspec
import pytest

from kitfox.core import (
    AlreadyExists,
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    PermissionDenied,
    ResourceExhausted,
)
from kitfox.registry import FOREVER, TOMBSTONE, Instance, Limits, ServiceInfo, Table

ADA = Instance("users", "ada", ("http://127.0.0.1:1",))
BOB = Instance("users", "bob", ("http://127.0.0.1:2",))
MINE, THEIRS = b"mine", b"theirs"


def table_with(*instances: Instance, ttl: float = 6.0, limits: Limits | None = None) -> Table:
    table = Table(limits)
    for instance in instances:
        table.register(instance, owner=MINE, now=0.0, ttl=ttl)
    return table


def test_a_set_is_whole_and_each_change_takes_the_next_revision():
    table = table_with(ADA, BOB)
    assert table.snapshot("users").instances == (ADA, BOB)
    assert table.snapshot("users").revision == 2
    table.deregister("users", "ada", owner=MINE, now=1.0)
    assert table.snapshot("users").instances == (BOB,)
    assert table.snapshot("users").revision == 3


def test_a_change_of_one_service_leaves_the_revision_of_another():
    table = table_with(ADA)
    table.register(Instance("logs", "x"), owner=MINE, now=0.0)
    assert table.snapshot("users").revision == 1
    assert table.snapshot("logs").revision == 2


def test_registering_the_same_again_renews_and_changes_nothing():
    table = table_with(ADA)
    assert not table.register(ADA, owner=MINE, now=5.0, ttl=6.0)
    assert table.snapshot("users").revision == 1
    assert table.expire(10.9) == []
    assert table.expire(11.0) == [ADA]


def test_registering_something_else_under_the_same_id_replaces():
    table = table_with(ADA)
    moved = msgspec.structs.replace(ADA, addresses=("http://127.0.0.1:9",))
    assert table.register(moved, owner=MINE, now=1.0)
    assert table.snapshot("users").instances == (moved,)


def test_a_lease_ends_unless_it_is_renewed():
    table = table_with(ADA, BOB)
    assert table.renew("users", "ada", owner=MINE, now=4.0) == 6.0
    assert table.next_end() == 6.0
    assert table.expire(6.0) == [BOB]
    assert table.snapshot("users").instances == (ADA,)
    assert table.next_end() == 10.0


def test_a_registry_that_was_asleep_blames_nobody():
    table = table_with(ADA)
    table.forgive(20.0)
    assert table.expire(25.9) == []
    assert table.expire(26.0) == [ADA]


def test_renewing_what_is_unknown_asks_for_a_registration():
    with pytest.raises(NotFound, match="users ada is not registered"):
        Table().renew("users", "ada", owner=MINE, now=0.0)


def test_nobody_else_registers_renews_or_removes_an_instance():
    table = table_with(ADA)
    with pytest.raises(AlreadyExists, match="another owner"):
        table.register(ADA, owner=THEIRS, now=1.0)
    with pytest.raises(PermissionDenied, match="another owner"):
        table.renew("users", "ada", owner=THEIRS, now=1.0)
    with pytest.raises(PermissionDenied, match="another owner"):
        table.deregister("users", "ada", owner=THEIRS, now=1.0)
    assert table.snapshot("users").instances == (ADA,)


def test_an_owner_that_said_it_is_closing_stays_away_for_thirty_seconds():
    table = table_with(ADA)
    table.deregister("users", "ada", owner=MINE, now=0.0)
    with pytest.raises(FailedPrecondition, match="closing"):
        table.register(ADA, owner=MINE, now=TOMBSTONE - 0.1)
    with pytest.raises(NotFound):
        table.renew("users", "ada", owner=MINE, now=TOMBSTONE - 0.1)
    assert table.register(ADA, owner=MINE, now=TOMBSTONE)


def test_a_successor_takes_a_closing_id_at_once():
    table = table_with(ADA)
    table.deregister("users", "ada", owner=MINE, now=0.0)
    assert table.register(ADA, owner=THEIRS, now=0.1)


def test_an_expired_or_evicted_instance_may_come_back():
    table = table_with(ADA, BOB)
    table.evict("users", "bob")
    table.expire(6.0)
    assert table.register(ADA, owner=MINE, now=7.0)
    assert table.register(BOB, owner=MINE, now=7.0)


def test_tombstones_are_swept_and_bounded():
    table = table_with(limits=Limits(instances=3))
    for number in range(10):
        instance = Instance("users", str(number))
        table.register(instance, owner=MINE, now=0.0)
        table.deregister("users", str(number), owner=MINE, now=0.0)
    assert table.register(Instance("users", "6"), owner=MINE, now=1.0)
    with pytest.raises(FailedPrecondition):
        table.register(Instance("users", "7"), owner=MINE, now=1.0)


def test_the_empty_set_of_a_service_that_had_instances_is_newer_than_its_last():
    table = table_with(ADA)
    table.evict("users", "ada")
    emptied = table.snapshot("users")
    assert emptied.instances == ()
    assert emptied.revision == 2
    table.register(BOB, owner=MINE, now=0.0)
    assert table.snapshot("users").revision == 3


def test_services_are_listed_by_name_with_their_counts():
    table = table_with(ADA, BOB)
    table.register(Instance("logs", "x"), owner=MINE, now=0.0)
    assert table.services() == (ServiceInfo("logs", 1, 3), ServiceInfo("users", 2, 2))


def test_without_leases_nothing_ends():
    assert Table().next_end() == FOREVER
    assert table_with(ADA, ttl=FOREVER).expire(1e12) == []


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        (Limits(instances=2), "the registry holds 2 instances"),
        (Limits(instances_per_service=2), "users has 2 instances"),
    ],
)
def test_more_instances_than_allowed_are_refused_but_replacing_is_not(limits: Limits, message: str):
    table = table_with(ADA, BOB, limits=limits)
    with pytest.raises(ResourceExhausted, match=message):
        table.register(Instance("users", "eve"), owner=MINE, now=0.0)
    assert table.register(msgspec.structs.replace(ADA, version="2"), owner=MINE, now=0.0)


@pytest.mark.parametrize(
    ("instance", "message"),
    [
        (Instance("", "ada"), "instance.service: expected a name"),
        (Instance("users", ""), "instance.id: expected a name"),
        (Instance("users\n", "ada"), "instance.service: expected printable"),
        (Instance("u" * 300, "ada"), "instance.service: expected at most 256 characters"),
        (Instance("users", "a", version="v" * 300), "instance.version: expected at most 256"),
        (Instance("users", "a", weight=-1), "instance.weight: expected 0 to"),
        (Instance("users", "a", ("x",) * 17), "instance.addresses: expected at most 16"),
        (Instance("users", "a", ("x" * 513,)), "instance.addresses: expected at most 512"),
        (
            Instance("users", "a", metadata={str(n): "" for n in range(65)}),
            "instance.metadata: expected at most 64 entries",
        ),
        (
            Instance("users", "a", metadata={"k": "v" * 20_000}),
            "instance.metadata: expected at most 16384 characters",
        ),
    ],
)
def test_a_malformed_instance_is_refused_by_field(instance: Instance, message: str):
    with pytest.raises(InvalidArgument, match=message):
        Table().register(instance, owner=MINE, now=0.0)
