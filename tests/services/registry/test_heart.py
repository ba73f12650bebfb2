from kitfox.services.registry._heart import Heart, Rhythm, Verdict

RHYTHM = Rhythm(interval=3.0, retry=1.0, attempts=3, grace=600.0)


def missing_heart(now: float = 0.0) -> Heart:
    heart = Heart(RHYTHM, now)
    for _ in range(3):
        verdict = heart.beat(now, answered=False)
    assert verdict is Verdict.REMOVE
    return heart


def test_a_heart_is_asked_every_three_seconds():
    heart = Heart(RHYTHM, 10.0)
    assert heart.next_at == 10.0 + 3.0
    assert heart.beat(13.0, answered=True) is Verdict.KEEP
    assert heart.next_at == 13.0 + 3.0


def test_one_miss_or_two_do_not_flap():
    heart = Heart(RHYTHM, 0.0)
    for _ in range(10):
        assert heart.beat(3.0, answered=False) is Verdict.KEEP
        assert heart.next_at == 3.0 + 1.0
        assert heart.beat(4.0, answered=False) is Verdict.KEEP
        assert heart.beat(5.0, answered=True) is Verdict.KEEP
        assert not heart.missing


def test_the_third_miss_in_a_row_removes():
    heart = missing_heart()
    assert heart.missing


def test_a_missing_service_is_asked_on_and_restored_when_it_answers():
    heart = missing_heart()
    assert heart.next_at == 3.0
    assert heart.beat(3.0, answered=False) is Verdict.KEEP
    assert heart.beat(6.0, answered=True) is Verdict.RESTORE
    assert heart.beat(9.0, answered=True) is Verdict.KEEP


def test_a_restored_service_has_all_its_attempts_again():
    heart = missing_heart()
    heart.beat(3.0, answered=True)
    assert heart.beat(6.0, answered=False) is Verdict.KEEP


def test_a_service_that_never_answers_again_is_forgotten():
    heart = missing_heart(now=5.0)
    assert heart.beat(5.0 + 600.0 - 1, answered=False) is Verdict.KEEP
    assert heart.beat(5.0 + 600.0, answered=False) is Verdict.FORGET
