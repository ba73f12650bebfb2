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
    assert BOB in view.instances


def test_what_a_new_subscription_does_not_tell_stays_until_the_view_settles():
    view = View()
    view.apply(snapshot(2, ADA))
    view.subscribed()
    assert view.apply(snapshot(1, BOB))
    assert view.instances == {ADA, BOB}
    assert view.settle()
    assert view.instances == {BOB}
    assert not view.settle()


def test_what_registers_again_in_time_is_never_missing_and_not_in_doubt_any_more():
    moved = Instance("users", "ada", ("http://127.0.0.1:2",))
    view = View(frozenset({ADA}))
    assert not view.apply(snapshot(1))
    assert view.apply(snapshot(2, moved))
    assert view.instances == {moved}
    assert view.apply(snapshot(3))
    assert view.instances == frozenset()


def test_without_a_new_subscription_what_is_not_told_is_gone_at_once():
    view = View()
    view.apply(snapshot(1, ADA, BOB))
    view.apply(snapshot(2, BOB))
    assert view.instances == {BOB}
