from kitfox.registry._silence import GAPS, SHORTEST_SILENCE, Silence


def heard_at(*moments: float) -> Silence:
    silence = Silence()
    for moment in moments:
        silence.heard(moment)
    return silence


def test_a_registry_that_never_asked_is_never_silent():
    assert heard_at().begins() == float("inf")


def test_a_quick_registry_is_silent_after_a_while():
    assert heard_at(0.0, 3.0, 6.0).begins() == 6.0 + SHORTEST_SILENCE


def test_a_slow_registry_is_given_a_multiple_of_its_longest_gap():
    assert heard_at(0.0, 30.0, 33.0).begins() == 33.0 + GAPS * 30.0


def test_a_new_registration_waits_for_its_first_heartbeat_and_knows_the_pace():
    silence = heard_at(0.0, 30.0)
    silence.reset()
    assert silence.begins() == float("inf")
    silence.heard(100.0)
    assert silence.begins() == 100.0 + GAPS * 30.0
