"""What a process has logged and the log service does not have yet: in memory, then on the disk.

A thread moves entries from memory to the spool, at once when there are many and within 0.2 s when
there are few, whatever the event loop does. A process killed meanwhile loses what was in memory,
so at most that much time's; what is in the spool waits for the next process of the same service
instance.
"""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self
from uuid import uuid4

import msgspec

from kitfox.services.logs._buffer import Buffer
from kitfox.services.logs._entry import Batch, Entry
from kitfox.services.logs._files import lock_file, make_folder
from kitfox.services.logs._packer import Packer
from kitfox.services.logs._plain import MOST_MESSAGE, MOST_NAME, clean
from kitfox.services.logs._severity import WARN
from kitfox.services.logs._spool import Spool

LOGGER = "kitfox.logs"
_DELAY = 0.2
_BATCH_ENTRIES = 500
_SLOTS = 64
_batch = msgspec.json.Decoder(Batch)


class Outbox:
    """The way out of a process for its log entries. Putting one never waits and never fails.

    `folder` holds the spools of one service instance; processes that run at the same time under
    one name get one each, and what a dead one left is taken over. At most `memory` entries and
    `disk` bytes wait; what does not fit is counted, and an entry says so when there is room again.

    Raises:
        OSError: no spool can be opened in `folder`.
    """

    def __init__(
        self,
        folder: Path,
        *,
        service: str,
        instance: str = "",
        memory: int = 10_000,
        disk: int = 64 * 1024 * 1024,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.service = clean(service, MOST_NAME)
        self.instance = clean(instance, MOST_NAME)
        self._clock = clock
        self._listener: Callable[[], None] | None = None
        with ExitStack() as stack:
            self._spool = _open_spool(folder, disk, stack)
            self._files = stack.pop_all()
        source = f"{clean(instance or service, MOST_NAME // 2)}-{uuid4()}"
        self._packer = Packer(self._spool, source, self._note)
        self._buffer = Buffer(memory, _BATCH_ENTRIES)
        self._thread = threading.Thread(target=self._work, name="kitfox-outbox", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def put(self, entry: Entry) -> None:
        """Take an entry. May be called in any thread."""
        self._buffer.put(entry)

    def note(self, message: str) -> None:
        """Put an entry of the outbox's own."""
        self.put(self._note(message))

    def flush(self, timeout: float) -> bool:
        """Wait until all entries put so far are in the spool; False when that takes too long."""
        return self._buffer.flush(timeout)

    def close(self) -> None:
        """Move what is in memory to the spool, and let go of the spool."""
        self._buffer.close()
        self._thread.join()
        self._files.close()

    def listen(self, spooled: Callable[[], None] | None) -> None:
        """Have a function called, in another thread, whenever something may have been spooled."""
        self._listener = spooled

    @property
    def empty(self) -> bool:
        """Whether nothing is in the spool. Waits for no disk."""
        return len(self._spool) == 0

    def first(self) -> Batch | None:
        """Return the batch that waits longest."""
        while (payload := self._spool.first()) is not None:
            try:
                return _batch.decode(payload)
            except msgspec.DecodeError as error:  # another version's
                self._spool.drop_first()
                self.note(f"dropped a spooled batch that cannot be read: {error}")
        return None

    def drop_first(self) -> None:
        """Take the batch that waits longest away: it has been delivered."""
        self._spool.drop_first()

    def _work(self) -> None:
        while (taken := self._buffer.take(_DELAY)) is not None:
            self._packer.pack(*taken)
            self._buffer.done()
            if self._listener is not None:
                self._listener()

    def _note(self, message: str) -> Entry:
        return Entry(
            time=self._clock(),
            level=WARN,
            message=clean(message, MOST_MESSAGE),
            logger=LOGGER,
            service=self.service,
            instance=self.instance,
        )


def _open_spool(folder: Path, disk: int, stack: ExitStack) -> Spool:
    """Open the first spool that no living process has, and take over what dead ones left."""
    free = _free_slots(folder, stack)
    spool = Spool(next(free), disk)
    stack.callback(spool.close)
    for slot in free:
        _take_over(spool, Spool(slot, disk))
    return spool


def _free_slots(folder: Path, stack: ExitStack) -> Iterator[Path]:
    """Lock and yield the folders that no living process has: a new one at most, as the first."""
    found = False
    for number in range(1, _SLOTS + 1):
        slot = folder / str(number)
        if found and not slot.exists():
            continue
        make_folder(slot)
        try:
            stack.callback(os.close, lock_file(slot / "lock"))
        except BlockingIOError:
            continue
        found = True
        yield slot
    if not found:
        raise BlockingIOError(f"{_SLOTS} processes spool in {folder} already")


def _take_over(spool: Spool, left: Spool) -> None:
    """Move what a dead process left to a living one's spool, as far as there is room."""
    while (payload := left.first()) is not None and spool.append(payload):
        left.drop_first()
    left.close()
