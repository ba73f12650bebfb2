"""What is remembered of good tokens, and for how long."""

from kitfox.auth import Caller
from kitfox.auth._remembered import Remembered

ADA, BOB = Caller("ada"), Caller("bob")


def test_a_token_is_remembered_for_a_while():
    good = Remembered(60.0)
    good.put(b"a", ADA, until=5000.0, now=1000.0)
    assert good.get(b"a", 1059.0) == ADA
    assert good.get(b"b", 1059.0) is None
    assert good.get(b"a", 1060.0) is None


def test_no_token_is_remembered_beyond_its_end():
    good = Remembered(60.0)
    good.put(b"a", ADA, until=1010.0, now=1000.0)
    assert good.get(b"a", 1009.0) == ADA
    assert good.get(b"a", 1010.0) is None


def test_only_so_many_are_remembered_and_the_oldest_goes():
    good = Remembered(60.0, most=2)
    for digest, caller in ((b"a", ADA), (b"b", BOB), (b"c", ADA)):
        good.put(digest, caller, until=5000.0, now=1000.0)
    assert [good.get(digest, 1001.0) for digest in (b"a", b"b", b"c")] == [None, BOB, ADA]
