"""Wait for several channels at once, and do one thing of those that are possible.

Rules:

- Of the cases that can be done at once, one is drawn and done. A case that is None can never be
  done, like one of Go's nil channels.
- If none can be done, all wait, and the first to be woken is done. The others have left their
  channels' queues when the select returns: nothing is to be seen of them.
- Time that is up is no cancellation: a select that returns None has done nothing.
- A cancelled select gives back what it was promised. What it was to send may be gone: `Sending`.
- Channels that threads share have locks. A select holds all of its channels' locks while it tries
  and queues, so that nothing comes in between; it takes them in one order everywhere.
"""

import random
from collections.abc import Callable, Sequence
from typing import TypeVar, overload

from kitfox.channels._case import Case
from kitfox.channels._race import Race, SharedRace

C = TypeVar("C", bound=Case[object])
Draw = Callable[[], float]


@overload
async def select(*cases: C | None, draw: Draw = random.random) -> C: ...
@overload
async def select(
    *cases: C | None,
    timeout: float | None,  # noqa: ASYNC109 - exact, which a cancellation from outside is not
    draw: Draw = random.random,
) -> C | None: ...
async def select(
    *cases: C | None,
    timeout: float | None = None,  # noqa: ASYNC109 - as above
    draw: Draw = random.random,
) -> C | None:
    """Do one of the cases, when one can be done, and return it; None when time is up.

    `timeout` is in seconds. `draw` gives a number from 0 up to, but not including, 1.

    Raises:
        ChannelClosed: the case that was chosen sends, and its channel is closed.
    """
    live = [case for case in cases if case is not None]
    with _Held(live):
        done = _attempt(live, draw)
        if done is not None or (timeout is not None and timeout <= 0):
            return done
        race = _enter(live)
    timer = None if timeout is None else race.over.get_loop().call_later(timeout, race.win, None)
    try:
        winner = await _run(race, live)
    finally:
        if timer is not None:
            timer.cancel()
    return None if winner is None else live[winner]


def select_nowait(*cases: C | None, draw: Draw = random.random) -> C | None:
    """Do one of the cases that can be done at once, and return it; None if there is none.

    Raises:
        ChannelClosed: the case that was chosen sends, and its channel is closed.
    """
    live = [case for case in cases if case is not None]
    with _Held(live):
        return _attempt(live, draw)


def _attempt(cases: Sequence[C], draw: Draw) -> C | None:
    """Do one case, each with the same chance, unless none can be done."""
    left = list(cases)
    while left:
        at = int(draw() * len(left)) if len(left) > 1 else 0
        left[at], left[-1] = left[-1], left[at]
        case = left.pop()
        if case.attempt():
            return case
    return None


def _enter(cases: Sequence[Case[object]]) -> Race:
    """Let all wait, or none of them."""
    race = SharedRace() if any(case.lock for case in cases) else Race()
    try:
        for place, case in enumerate(cases):
            case.enter(race, place)
    except BaseException:
        _leave(cases, race)
        raise
    return race


def _leave(cases: Sequence[Case[object]], race: Race) -> None:
    for case in cases:
        case.leave(race)


async def _run(race: Race, cases: Sequence[Case[object]]) -> int | None:
    """Wait until the race is over; return the winner, whose case is done."""
    try:
        await race.over
    except BaseException:
        with _Held(cases):
            _leave(cases, race)
            if race.winner is not None:
                cases[race.winner].abandon()
        raise
    with _Held(cases):
        _leave(cases, race)
        if race.winner is not None:
            cases[race.winner].finish()
    return race.winner


class _Held:
    """Holds the locks of some cases for a block, each once; most have none."""

    __slots__ = ("_locks",)

    def __init__(self, cases: Sequence[Case[object]]) -> None:
        locks = {id(case.lock): case.lock for case in cases if case.lock is not None}
        self._locks = [locks[key] for key in sorted(locks)]

    def __enter__(self) -> None:
        for lock in self._locks:
            lock.acquire()

    def __exit__(self, *_: object) -> None:
        for lock in self._locks:
            lock.release()
