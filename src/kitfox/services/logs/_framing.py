"""Frames in a file that only grows: four bytes length, four bytes CRC-32, then the payload.

A process may die while it appends. What is whole can be told from what is torn, and everything
after the first torn frame is worthless, because frames are written in order.
"""

import struct
import zlib
from collections.abc import Iterator

_HEAD = struct.Struct("<II")
HEAD_BYTES = _HEAD.size
LARGEST = 1 << 26


def frame(payload: bytes) -> bytes:
    """Return the payload as a frame.

    Raises:
        ValueError: nothing, which zeros on a disk would look like; or too much for one frame.
    """
    if not 0 < len(payload) <= LARGEST:
        raise ValueError(f"a frame takes 1 to {LARGEST} bytes, not {len(payload)}")
    return _HEAD.pack(len(payload), zlib.crc32(payload)) + payload


def spans(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield start and end of the payload of each whole frame, up to the first torn one.

    The end of the last span is where the file is sound; what follows is to be cut off.
    """
    at = 0
    while (span := _span(data, at)) is not None:
        yield span
        at = span[1]


def _span(data: bytes, at: int) -> tuple[int, int] | None:
    start = at + HEAD_BYTES
    if start > len(data):
        return None
    length, checksum = _HEAD.unpack_from(data, at)
    end = start + length
    if not 0 < length <= LARGEST or end > len(data):
        return None
    return (start, end) if zlib.crc32(memoryview(data)[start:end]) == checksum else None
