"""When a silent peer is asked, and when it is given up."""

from kitfox.multiplex import KeepAlive, Liveness

RHYTHM = KeepAlive(quiet=15.0, patience=10.0)


def test_a_peer_that_talks_is_never_asked():
    peer = Liveness(RHYTHM, 0.0)
    for now in range(100):
        peer.hear(float(now))
        assert peer.due() == now + 15.0
        assert not peer.gone(float(now))


def test_a_silent_peer_is_gone_only_after_it_was_asked():
    peer = Liveness(RHYTHM, 0.0)
    assert not peer.gone(1000.0)
    peer.ask(1000.0)
    assert not peer.gone(1009.9)
    assert peer.due() == 1010.0
    assert peer.gone(1010.0)


def test_any_word_is_an_answer():
    peer = Liveness(RHYTHM, 0.0)
    peer.ask(15.0)
    peer.hear(24.9)
    assert not peer.gone(25.0)
    assert peer.due() == 39.9
