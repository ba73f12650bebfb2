"""What one dependent of the original protocol is still to be told.

An outbox holds sets, not a queue: what the dependent knows for certain, what it may know, and what
it should know. The next patch is their difference, so a dependent that is slow or away costs the
same memory after one change and after a thousand, and is told only what is still true.

Rules
1. At most one patch is under way; the next is computed when its fate is known. So patches arrive
   in order.
2. A patch that failed before anything was sent changed nothing.
3. A patch that failed later may have been applied. Dependents add what they are told a second time,
   so what it named is *in doubt* and is first removed, then told again.
4. After a failure the next attempt waits: longer with each one, by chance, up to `LONGEST_WAIT`.
5. The first patch has the shape of the original's: null for what is empty; later ones have lists.
6. An outbox that was restored from disk holds in doubt whatever it would have told next: the
   registry may have ended between the telling and the noting.
"""

from typing import Self

from kitfox.registry import OriginalProvider, Patch

FIRST_WAIT = 0.5
LONGEST_WAIT = 30.0

Providers = frozenset[OriginalProvider]
_NONE: Providers = frozenset()


class Outbox:
    """The state machine of one dependent. `now` is monotonic seconds."""

    def __init__(self, wanted: Providers) -> None:
        self._wanted = wanted
        self._told = _NONE
        self._doubted = _NONE
        self._under_way: Patch | None = None
        self._begun = False
        self._failures = 0
        self._not_before = 0.0

    @classmethod
    def restored(cls, wanted: Providers, told: Providers) -> Self:
        """Return the outbox of a dependent that was last known to have been told `told`."""
        outbox = cls(wanted)
        outbox._begun = True
        outbox._told = told & wanted
        outbox._doubted = told ^ wanted
        return outbox

    @property
    def told(self) -> Providers:
        """What the dependent knows or may know."""
        return self._told | self._doubted

    def want(self, providers: Providers) -> None:
        """Set what the dependent should know."""
        self._wanted = providers

    @property
    def settled(self) -> bool:
        """Whether the dependent knows what it should know, and nothing is under way."""
        return self._begun and self._told == self._wanted and not self._doubted

    def due(self) -> float | None:
        """When there is something to send; None while there is nothing, or a patch is under way."""
        if self._under_way is not None or self.settled:
            return None
        return self._not_before

    def take(self) -> Patch:
        """Return the next patch, which is then under way until `delivered` or `failed`."""
        if not self._begun:
            patch = Patch(_listed(self._wanted) or None, None)
        elif self._doubted:
            patch = Patch((), _listed(self._doubted))
        else:
            patch = Patch(_listed(self._wanted - self._told), _listed(self._told - self._wanted))
        self._under_way = patch
        return patch

    def delivered(self) -> None:
        """Note that the patch under way was answered with 200."""
        added, removed = self._landed()
        self._begun = True
        self._told = (self._told | added) - removed
        self._doubted -= removed
        self._failures = 0
        self._not_before = 0.0

    def failed(self, now: float, draw: float, *, sent: bool) -> None:
        """Note that the patch under way failed; `sent` if any of it may have arrived.

        `draw` from 0 to 1 spreads the attempts of many outboxes.
        """
        added, removed = self._landed()
        if sent:
            self._begun = True
            self._doubted |= added | removed
            self._told -= added | removed
        self._failures += 1
        wait = min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(self._failures - 1, 10))
        self._not_before = now + wait * (0.5 + draw / 2)

    def _landed(self) -> tuple[Providers, Providers]:
        patch = self._under_way
        if patch is None:
            raise RuntimeError("no patch is under way")
        self._under_way = None
        return frozenset(patch.added or ()), frozenset(patch.removed or ())


def _listed(providers: Providers) -> tuple[OriginalProvider, ...]:
    return tuple(sorted(providers))
