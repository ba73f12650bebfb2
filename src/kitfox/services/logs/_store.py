"""The store of a log: one active segment, sealed ones, and a catalogue. Not safe among threads.

Rules, each true at every moment a process may die:
- An entry is in one `.active` file or in one catalogued `.sealed` file; if it is in both, the
  catalogue's word counts and the active file is waste.
- The active file with the highest base takes what comes; any other waits to be sealed.
- Sealing: the next active file is made, the sealed file put in place, the catalogue told in one
  transaction, the old active file removed. Each step may be the last one; opening goes on there.
- Removing: the sealed file goes first, then its line in the catalogue.
"""

import heapq
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from operator import attrgetter
from pathlib import Path

from kitfox.services.logs._active import Active, Contents, read_contents
from kitfox.services.logs._catalogue import Catalogue
from kitfox.services.logs._entry import Batch, Stored
from kitfox.services.logs._files import lock_file, make_folder, replace_file, sync_folder
from kitfox.services.logs._query import Filter, Matcher, Query, read_cursor
from kitfox.services.logs._retention import Sealed, outlived
from kitfox.services.logs._scan import Chunk, Scan
from kitfox.services.logs._segment import Block, Line, blocks_of, pack, read_lines, unpack
from kitfox.services.logs._settings import LogSettings

_DIGITS = 20
_LINES_AT_ONCE = 128
_newest = attrgetter("newest")


class Store:
    """A log on the disk. All times are Unix times and come from the caller.

    Raises:
        BlockingIOError: another process has this folder's log open.
    """

    def __init__(self, folder: Path, settings: LogSettings, now: float) -> None:
        self._folder = folder
        self._settings = settings
        make_folder(folder)
        self._lock = lock_file(folder / "lock")
        for draft in folder.glob("*.tmp"):
            draft.unlink()
        self._catalogue = _open_catalogue(folder / "catalogue.db")
        self._full: dict[int, Contents] = {}  # segments that wait to be sealed, by base
        self._recover(now)
        self._active = self._open_active()
        self._sequences = self._known_sequences()

    def close(self) -> None:
        """Close all files."""
        self._active.close()
        self._catalogue.close()
        os.close(self._lock)

    @property
    def next_id(self) -> int:
        """The id that the next entry will have."""
        return self._active.next_id

    @property
    def full(self) -> bool:
        """Whether the active segment is large enough to be sealed."""
        return self._active.size >= self._settings.segment_bytes

    def sequence(self, source: str) -> int:
        """Return the number of the last entry stored of a source; 0 for none."""
        return self._sequences.get(source, 0)

    def append(self, batches: Sequence[Batch], now: float) -> list[Stored]:
        """Store what is new in the batches, with one fsync; on return it is on the disk.

        Raises:
            OSError: the disk refused; nothing of it is stored.
        """
        fresh, sequences = _unseen(batches, self.sequence)
        if not fresh:
            return []
        stored = self._active.append(fresh, now)
        self._sequences.update(sequences)
        return stored

    def housekeep(self, now: float) -> None:
        """Seal what is full or old enough, remove what has had its time.

        Raises:
            OSError, sqlite3.Error: the disk refused; nothing is lost, call again later.
        """
        began = self._active.contents.began
        if self.full or (began is not None and now - began >= self._settings.segment_age):
            self._rotate()
        for base, contents in list(self._full.items()):
            self._seal(base, contents, now)
            del self._full[base]
        self._retire(now)

    def scan(self, query: Query) -> Scan:
        """Return the search for one page; its caller decides how long to step it.

        Raises:
            ValueError: the cursor is not ours.
        """
        before = read_cursor(query.cursor)
        matcher = Matcher(query)
        unsealed = sorted(self._unsealed_chunks(query), key=_newest, reverse=True)
        sealed = self._sealed_chunks(query, before[0], matcher.hint)
        chunks = heapq.merge(unsealed, sealed, key=_newest, reverse=True)
        return Scan(matcher, chunks, query.limit, before, self.next_id)

    def _unsealed_chunks(self, wanted: Filter) -> Iterator[Chunk]:
        for contents in (self._active.contents, *self._full.values()):
            for (service, level), lines in contents.groups.items():
                if level >= wanted.level and wanted.service in ("", service):
                    yield from _chunks_of(lines)

    def _sealed_chunks(self, wanted: Filter, before: float, hint: bytes) -> Iterator[Chunk]:
        unsealed = min(self._full, default=self._active.base)
        for base, block in self._catalogue.blocks(wanted, before, unsealed):
            yield Chunk(block.newest, _block_reader(self._path(base, "sealed"), block, hint))

    def _path(self, base: int, kind: str) -> Path:
        return self._folder / f"{base:0{_DIGITS}}.{kind}"

    def _bases(self, kind: str) -> list[int]:
        return sorted(int(path.stem) for path in self._folder.glob(f"*.{kind}"))

    def _recover(self, now: float) -> None:
        """Go on where a dead process stopped."""
        listed = {segment.base for segment in self._catalogue.segments()}
        sealed = set(self._bases("sealed"))
        actives = self._bases("active")
        self._catalogue.forget(listed - sealed)
        for base in sealed - listed - set(actives):
            self._list_again(base, now)
        for base in actives[:-1]:
            contents, _ = read_contents(self._path(base, "active").read_bytes())
            self._seal(base, contents, now)

    def _open_active(self) -> Active:
        """Open the newest active file, or begin one after all that was ever sealed."""
        ends = (segment.base + segment.count for segment in self._catalogue.segments())
        base = max((*self._bases("active"), *ends), default=1)
        return Active(self._path(base, "active"), base)

    def _rotate(self) -> None:
        """Begin a new active segment; the old one is full, whatever its size."""
        old = self._active
        self._active = Active(self._path(old.next_id, "active"), old.next_id)
        self._full[old.base] = old.contents
        old.close()

    def _seal(self, base: int, contents: Contents, now: float) -> None:
        """Turn a full segment into a sealed one. May be begun again after any of its steps."""
        listed = base in {segment.base for segment in self._catalogue.segments()}
        if contents.count and not listed:
            data, blocks = pack(contents.groups)
            replace_file(self._path(base, "sealed"), data)
            sources = {name: (h.sequence, h.stored) for name, h in contents.heads.items()}
            self._catalogue.add(Sealed(base, contents.count, len(data), now), blocks, sources)
        self._path(base, "active").unlink()
        sync_folder(self._folder)

    def _list_again(self, base: int, now: float) -> None:
        """List a sealed file that the catalogue does not know, because the catalogue was lost."""
        data = self._path(base, "sealed").read_bytes()
        blocks = list(blocks_of(data))
        count = sum(block.count for block in blocks)
        self._catalogue.add(Sealed(base, count, len(data), now), blocks, {})

    def _retire(self, now: float) -> None:
        settings = self._settings
        segments = self._catalogue.segments()
        if gone := outlived(segments, now, settings.keep_seconds, settings.keep_bytes):
            for base in gone:
                self._path(base, "sealed").unlink(missing_ok=True)
            self._catalogue.forget(gone)
            self._catalogue.forget_sources(now - settings.source_seconds)
            self._sequences = self._known_sequences()

    def _known_sequences(self) -> dict[str, int]:
        """Return the last number of each source, as the files tell."""
        heads = self._active.contents.heads
        return self._catalogue.sources() | {name: head.sequence for name, head in heads.items()}


def _open_catalogue(path: Path) -> Catalogue:
    """Open the catalogue; a damaged one is put aside, and what it said is found again."""
    try:
        return Catalogue(path)
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError:
        for part in list(path.parent.glob(path.name + "*")):
            part.replace(part.with_name("damaged-" + part.name))
    return Catalogue(path)


def _unseen(
    batches: Sequence[Batch], last: Callable[[str], int]
) -> tuple[list[Batch], dict[str, int]]:
    """Cut off what was stored before; return what is left, and the sources' last numbers then."""
    fresh: list[Batch] = []
    sequences: dict[str, int] = {}
    for batch in batches:
        seen = sequences.get(batch.source) or last(batch.source)
        if (rest := batch.after(seen)) is not None:
            fresh.append(rest)
            sequences[batch.source] = rest.last
    return fresh, sequences


def _chunks_of(lines: Sequence[Line]) -> Iterator[Chunk]:
    """Cut lines in memory into chunks; each takes its share of them as they are now."""
    for start in range(0, len(lines), _LINES_AT_ONCE):
        part = lines[start : start + _LINES_AT_ONCE]
        yield Chunk(max(part)[0], _line_reader(part))


def _line_reader(lines: Sequence[Line]) -> Callable[[], list[Stored]]:
    return lambda: read_lines(b"\n".join(raw for _, _, raw in lines))


def _block_reader(path: Path, block: Block, hint: bytes) -> Callable[[], list[Stored]]:
    def read() -> list[Stored]:
        try:
            with path.open("rb") as file:
                file.seek(block.offset)
                return unpack(file.read(block.length), hint)
        except FileNotFoundError:  # removed since it was listed
            return []

    return read
