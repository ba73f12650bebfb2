"""Where the answers to calls with a key are kept.

A key's states: free → running (one call has claimed it) → answered → free, when that has been kept
for long enough. A call that ends without an answer releases its key at once; one that is never
heard of again (its process was killed) loses it when the claim lapses.
"""

from typing import NamedTuple, Protocol


class Record(NamedTuple):
    """What is known of a key: what its call asked, and what came of it, or None while it runs."""

    fingerprint: bytes
    answer: bytes | None


class Answers(Protocol):
    """A store of answers. `owner` is drawn anew for each claim: only who has it may change it.

    Each raises Unavailable when the store cannot be asked.
    """

    async def claim(
        self, key: bytes, fingerprint: bytes, owner: bytes, *, seconds: float
    ) -> Record | None:
        """Claim a free key, for so long at most; or return what is known of one that is not free.

        Raises:
            ResourceExhausted: there is no room.
        """
        ...

    async def keep(self, key: bytes, owner: bytes, answer: bytes, *, seconds: float) -> None:
        """Keep the answer of the call that claimed the key."""
        ...

    async def release(self, key: bytes, owner: bytes) -> None:
        """Free the key, as if its call had not been made."""
        ...
