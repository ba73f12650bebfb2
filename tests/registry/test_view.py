from kitfox.registry import Instance, Snapshot, View

ADA, BOB = Instance("users", "ada"), Instance("users", "bob")


def snapshot(revision: int, *instances: Instance) -> Snapshot:
    return Snapshot("users", revision, instances)


def test_a_newer_snapshot_replaces_the_set():
    view = View()
    assert view.apply(snapshot(1, ADA))
    assert view.apply(snapshot(2, BOB))
    assert view.instances == {BOB}


def test_late_and_repeated_snapshots_are_ignored():
    view = View()
    view.apply(snapshot(2, BOB))
    assert not view.apply(snapshot(1, ADA))
    assert not view.apply(snapshot(2, BOB))
    assert view.instances == {BOB}


def test_a_newer_snapshot_of_the_same_set_is_no_change():
    view = View(frozenset({ADA}))
    assert not view.apply(snapshot(7, ADA))
    assert view.revision == 7


def test_a_sign_of_life_changes_nothing():
    view = View()
    view.apply(snapshot(1, ADA))
    assert not view.apply(Snapshot("users", 1, None))
    assert not view.apply(Snapshot("users", 2, None))
    assert view.apply(snapshot(2, BOB))


def test_the_last_known_set_stays_while_the_registry_is_away():
    view = View()
    view.apply(snapshot(1, ADA))
    view.subscribed()
    assert view.instances == {ADA}


def test_a_new_subscription_may_begin_at_a_lower_revision():
    view = View()
    view.apply(snapshot(1_000, ADA))
    view.subscribed()
    assert view.apply(snapshot(1, BOB))
    assert view.instances == {BOB}
