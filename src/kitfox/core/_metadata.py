"""What travels beside a message: short texts by name, in both directions."""

import re
from collections.abc import Iterator, Mapping, MutableMapping

_KEY = re.compile(r"[a-z0-9][a-z0-9_.-]*")
_VALUE = re.compile(r"[\x21-\x7e]?|[\x21-\x7e][\x20-\x7e]*[\x21-\x7e]")


class Metadata(MutableMapping[str, str]):
    """A mapping of lower-case keys to printable ASCII texts; keys are looked up in any case.

    That, with no space at either end, is the least that every wire can carry unchanged
    (RFC 9110, 5.5, lets a receiver strip them). Other text is the sender's to encode;
    a key that ends in `-bin` holds bytes as base64.
    """

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, str] | None = None) -> None:
        self._values: dict[str, str] = {}
        if values:
            self.update(values)

    def __getitem__(self, key: str) -> str:
        """Return the value of `key`, or raise KeyError."""
        return self._values[key.lower()]

    def __setitem__(self, key: str, value: str) -> None:
        """Set `key`; raise ValueError for what a wire could not carry."""
        lowered = key.lower()
        if not _KEY.fullmatch(lowered):
            msg = f"metadata key {key!r}: expected letters, digits, '-', '_' and '.'"
            raise ValueError(msg)
        if not _VALUE.fullmatch(value):
            expected = "printable ASCII with no space at its ends"
            msg = f"metadata {lowered!r}: expected {expected}, got {value[:40]!r}"
            raise ValueError(msg)
        self._values[lowered] = value

    def __delitem__(self, key: str) -> None:
        """Remove `key`, or raise KeyError."""
        del self._values[key.lower()]

    def __contains__(self, key: object) -> bool:
        """Return whether `key` is there."""
        return isinstance(key, str) and key.lower() in self._values

    def __iter__(self) -> Iterator[str]:
        """Iterate over the keys in the order in which they were set."""
        return iter(self._values)

    def __len__(self) -> int:
        """Return the number of keys."""
        return len(self._values)

    def plain(self) -> dict[str, str]:
        """Return a dict of the same, for a wire to write."""
        return dict(self._values)

    def __repr__(self) -> str:
        """Return the keys only: values may be secrets."""
        return f"Metadata({', '.join(self)})"
