"""Finds the end of a MessagePack value, whatever is in it, as its bytes come in.

Rules:

- A value is looked at once, however many pieces it comes in.
- What is over the limits (bytes, values, depth) is refused as soon as it is announced: an array
  of a million elements needs a million bytes more at the least.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from kitfox.multiplex import BadFrame

DEEPEST: Final = 32
MOST_VALUES: Final = 65_536


class _Form(NamedTuple):
    """What a first byte announces.

    `width` bytes hold a length. Each unit of it is a byte, or, in an array or a map, `each` values.
    `size` bytes and `values` values come in any case.
    """

    width: int = 0
    size: int = 0
    each: int = 0
    values: int = 0


def _forms() -> Iterator[_Form]:
    """Yield the forms of the first bytes 0xc1 to 0xdf, as the specification lists them."""
    yield _Form(size=-1)  # 0xc1 is never used
    yield from [_Form()] * 2  # false, true
    yield from (_Form(width=width) for width in (1, 2, 4))  # bin
    yield from (_Form(width=width, size=1) for width in (1, 2, 4))  # ext
    yield from (_Form(size=size) for size in (4, 8))  # float
    yield from (_Form(size=size) for size in (1, 2, 4, 8) * 2)  # uint, int
    yield from (_Form(size=size) for size in (2, 3, 5, 9, 17))  # fixext
    yield from (_Form(width=width) for width in (1, 2, 4))  # str
    yield from (_Form(width=width, each=1) for width in (2, 4))  # array
    yield from (_Form(width=width, each=2) for width in (2, 4))  # map


_FORMS: Final = (
    *[_Form()] * 0x80,  # small numbers
    *[_Form(values=2 * count) for count in range(16)],  # small maps
    *[_Form(values=count) for count in range(16)],  # small arrays
    *[_Form(size=size) for size in range(32)],  # short texts
    _Form(),  # nil
    *_forms(),
    *[_Form()] * 0x20,  # small negative numbers
)


class Scanner:
    """Finds where one value ends."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._at = 0  # where the next value begins, counted from where the whole began
        self._open = [1]  # how many values each array around it still lacks, the innermost last
        self._values = 1  # how many values were announced

    def find_end(self, data: bytes | bytearray, begin: int = 0) -> int | None:
        """Return where the value that begins at `begin` ends, or None when it is not all there.

        The next time, `data` holds the same and more.

        Raises:
            BadFrame: it is over a limit, or not MessagePack.
        """
        size = len(data) - begin
        while self._open and self._at < size:
            form = _FORMS[data[begin + self._at]]
            after = self._at + 1 + form.width
            if after > size:
                return None
            length = int.from_bytes(data[begin + self._at + 1 : begin + after], "big")
            self._step(form, after, length)
        return None if self._open or self._at > size else begin + self._at

    def _step(self, form: _Form, after: int, length: int) -> None:
        """Pass one value, or enter it when it holds others."""
        if form.size < 0:
            raise BadFrame("0xc1 begins no value")
        inside = form.values + length * form.each
        self._at = after + form.size + (0 if form.each else length)
        self._values += inside
        self._open[-1] -= 1
        if inside:
            self._open.append(inside)
        self._check()
        while self._open and not self._open[-1]:
            self._open.pop()

    def _check(self) -> None:
        if self._at > self._limit:
            raise BadFrame(f"a frame is longer than {self._limit} bytes")
        if self._values > MOST_VALUES:
            raise BadFrame(f"a frame holds more than {MOST_VALUES} values")
        if len(self._open) > DEEPEST:
            raise BadFrame(f"a frame is nested deeper than {DEEPEST} levels")
