"""A sealed segment: entries grouped by service and level, cut into blocks, each compressed.

Like stands beside like, so that a block compresses well and a query opens only the blocks that
can answer it. A segment is a file of frames, one for each block, and is never written again.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec
import zstandard

from kitfox.services.logs._entry import Stored
from kitfox.services.logs._framing import HEAD_BYTES, frame, spans

Group = tuple[str, int]
Line = tuple[float, int, bytes]  # time, id, the stored entry as JSON
Groups = Mapping[Group, Sequence[Line]]

BLOCK_BYTES = 64 * 1024
_LEVEL = 3
_decoder = msgspec.json.Decoder(Stored)


@dataclass(frozen=True, slots=True)
class Block:
    """Where some entries of one service and level stand in a segment, and what times they span."""

    service: str
    level: int
    oldest: float
    newest: float
    count: int
    offset: int
    length: int


def pack(groups: Groups) -> tuple[bytes, tuple[Block, ...]]:
    """Return a segment that holds these lines, and its blocks."""
    compressor = zstandard.ZstdCompressor(level=_LEVEL)
    parts: list[bytes] = []
    blocks: list[Block] = []
    offset = 0
    for group in sorted(groups):
        for lines in _cut(sorted(groups[group])):
            data = compressor.compress(b"\n".join(raw for _, _, raw in lines))
            blocks.append(_block(group, lines, offset + HEAD_BYTES, len(data)))
            parts.append(frame(data))
            offset += len(parts[-1])
    return b"".join(parts), tuple(blocks)


def unpack(data: bytes, hint: bytes = b"") -> list[Stored]:
    """Return the entries of one block, oldest first; none at once if the hint is in none."""
    lines = zstandard.ZstdDecompressor().decompress(data)
    if hint and lines.isascii() and hint not in lines.lower():
        return []
    return _decoder.decode_lines(lines)


def blocks_of(segment: bytes) -> Iterator[Block]:
    """Yield the blocks of a segment, found by reading all of it: for when the catalogue is lost."""
    for start, end in spans(segment):
        entries = unpack(segment[start:end])
        group = entries[0].entry.service, entries[0].entry.level
        lines = [(stored.entry.time, stored.id, b"") for stored in entries]
        yield _block(group, lines, start, end - start)


def read_lines(data: bytes) -> list[Stored]:
    """Return stored entries that stand one on a line."""
    return _decoder.decode_lines(data)


def _cut(lines: Iterable[Line]) -> Iterator[list[Line]]:
    """Cut sorted lines into runs of about a block's size."""
    run: list[Line] = []
    size = 0
    for line in lines:
        run.append(line)
        size += len(line[2])
        if size >= BLOCK_BYTES:
            yield run
            run, size = [], 0
    if run:
        yield run


def _block(group: Group, lines: Sequence[Line], offset: int, length: int) -> Block:
    return Block(*group, lines[0][0], lines[-1][0], len(lines), offset, length)
