"""Whose a token is, when that has just been found out."""

from collections import OrderedDict

from kitfox.auth._caller import Caller


class Remembered:
    """Tokens that were found good, by their digests: the last thousand, each for some seconds."""

    def __init__(self, seconds: float, *, most: int = 1000) -> None:
        self._seconds = seconds
        self._most = most
        self._callers: OrderedDict[bytes, tuple[Caller, float]] = OrderedDict()

    def get(self, digest: bytes, now: float) -> Caller | None:
        """Return whose token it is, if that is known and still true."""
        if (found := self._callers.get(digest)) is None:
            return None
        caller, until = found
        if now < until:
            return caller
        del self._callers[digest]
        return None

    def put(self, digest: bytes, caller: Caller, *, until: float, now: float) -> None:
        """Remember a token, `until` its end at most."""
        while len(self._callers) >= self._most:
            self._callers.popitem(last=False)
        self._callers[digest] = caller, min(until, now + self._seconds)
