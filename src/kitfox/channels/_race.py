"""Cases that wait for one of them to be woken: the first wins.

A race is over when it was won, or when its time is up. Its task may be cancelled all the same.
"""

import asyncio
import threading


class Race:
    """Among channels of one loop, in its thread."""

    __slots__ = ("over", "winner")

    def __init__(self) -> None:
        self.over = asyncio.get_running_loop().create_future()
        self.winner: int | None = None

    def win(self, place: int | None) -> bool:
        """End the race, won by the case in that place, or by none; return False if it was over."""
        if self.over.done():
            return False
        self.winner = place
        self.over.set_result(None)
        return True


class SharedRace(Race):
    """Among channels of which some are used by other threads."""

    __slots__ = ("_claim",)

    def __init__(self) -> None:
        super().__init__()
        self._claim = threading.Lock()  # who gets it has won; it is never released

    def win(self, place: int | None) -> bool:
        """End the race from any thread; nobody wins one whose loop is closed."""
        if not self._claim.acquire(blocking=False):
            return False
        try:
            self.over.get_loop().call_soon_threadsafe(self._end)
        except RuntimeError:
            return False
        self.winner = place
        return True

    def _end(self) -> None:
        if not self.over.done():
            self.over.set_result(None)
