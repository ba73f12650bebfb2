"""Which sealed segments have had their time."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sealed:
    """A sealed segment: the id of its first entry, its length on disk, when it was sealed."""

    base: int
    count: int
    size: int
    sealed: float


def outlived(segments: Sequence[Sealed], now: float, max_age: float, max_size: int) -> list[int]:
    """Return the bases of the segments to remove, oldest first.

    Age counts from the sealing, not from what the entries claim: a wrong clock elsewhere neither
    saves a segment nor condemns it.
    """
    excess = sum(segment.size for segment in segments) - max_size
    gone: list[int] = []
    for segment in sorted(segments, key=lambda s: s.base):
        if excess <= 0 and now - segment.sealed <= max_age:
            break
        gone.append(segment.base)
        excess -= segment.size
    return gone
