"""How the processes of a command are ended: asked first, killed when grace is over.

Rules:

- A process is asked once, at the first look that sees it; a second SIGTERM means more to many.
- When grace is over, or when hurried, all that a look sees are killed, at each look.
- It is over when two looks in a row see nobody: a look takes its time, and a process that was
  born and lost its parent meanwhile is in none but the next.
- A look that is unsure whether it saw all is followed by another, after a pause.
- It is given up when they outlive their killing by `_GIVE_UP` seconds: a process in the kernel's
  hands, or another user's.
- Looks come often at first; the first to end is no reason for one, the last is.
"""

from dataclasses import dataclass

from kitfox.exec._family import Sight

_FIRST_PAUSE = 0.02  # seconds to the second look
_LONGEST_PAUSE = 0.5
_GIVE_UP = 5.0
_NOBODY = Sight()


@dataclass(frozen=True, slots=True)
class Step:
    """What to do after a look: whom to ask and to kill, and until when to wait for their end."""

    ask: frozenset[int] = frozenset()
    kill: frozenset[int] = frozenset()
    until: float = 0.0
    over: bool = False


class StopPlan:
    """Decides, look by look; times are in seconds of one clock."""

    def __init__(self, now: float, *, grace: float) -> None:
        self._kill_at = now + grace
        self._give_up_at = self._kill_at + _GIVE_UP
        self._asked: frozenset[int] = frozenset()
        self._pause = _FIRST_PAUSE
        self._saw_nobody = False

    def hurry(self, kill_at: float) -> None:
        """Have grace until `kill_at` at most."""
        if kill_at < self._kill_at:
            self._kill_at = kill_at
            self._give_up_at = kill_at + _GIVE_UP

    def decide(self, now: float, sight: Sight) -> Step:
        """Say what to do about those whom a look at `now` saw alive."""
        alive, nobody = sight.alive, sight == _NOBODY
        if now >= self._give_up_at or (self._saw_nobody and nobody):
            return Step(over=True)
        self._saw_nobody = nobody
        if nobody:
            return Step(until=now)
        until = now + self._pause
        self._pause = min(2 * self._pause, _LONGEST_PAUSE)
        if now >= self._kill_at:
            return Step(kill=alive, until=until)
        new = alive - self._asked
        self._asked |= alive
        return Step(ask=new, until=min(until, self._kill_at))
