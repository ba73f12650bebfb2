"""What can be asked of a log, and which entries answer it."""

from typing import Annotated

import msgspec
from msgspec import Meta

from kitfox.services.logs._entry import Entry, Level, Name

Words = Annotated[str, Meta(max_length=1024)]
Cursor = Annotated[str, Meta(max_length=64)]
Key = tuple[float, int]

FIRST_PAGE: Key = (float("inf"), 0)


class Filter(msgspec.Struct, frozen=True, omit_defaults=True):
    """Which entries: of a service, of a level at least, containing a text, of a trace.

    An empty field asks for nothing. Case does not count in `text`, which may stand in the message
    or in the text of any field. `since` is included and `until` is not; both are Unix times.
    """

    service: Name = ""
    level: Level = 1
    text: Words = ""
    trace_id: Name = ""
    since: float = 0.0
    until: float | None = None


class Query(Filter, frozen=True, omit_defaults=True):
    """A page of a log, newest first; `cursor` is that of the page before."""

    limit: Annotated[int, Meta(ge=1, le=1000)] = 100
    cursor: Cursor = ""


class Follow(Filter, frozen=True, omit_defaults=True):
    """What to follow: the `last` entries there are, oldest first, and then each new one.

    Who followed before says `after` which id to go on, and asks for no entry twice.
    """

    last: Annotated[int, Meta(ge=0, le=1000)] = 0
    after: Annotated[int, Meta(ge=0)] = 0


class Page(msgspec.Struct, frozen=True):
    """Entries, newest first. A cursor says that there may be older ones."""

    entries: tuple[Entry, ...]
    cursor: Cursor = ""


class Tailed(msgspec.Struct, frozen=True):
    """A new entry, and how many before it were passed over because the reader was slow.

    `id` counts what the log has ever stored; see `Follow.after`.
    """

    entry: Entry
    id: int
    missed: int = 0


class Matcher:
    """Decides which entries a filter lets through."""

    def __init__(self, wanted: Filter) -> None:
        self._wanted = wanted
        self._until = float("inf") if wanted.until is None else wanted.until
        self._text = wanted.text.lower()

    @property
    def hint(self) -> bytes:
        """Bytes that stand in the JSON, made lower case, of each matching entry that is all ASCII.

        Empty when nothing can be said: JSON may write the text in another way than people do.
        """
        words = self._text or self._wanted.trace_id.lower()
        plain = words.isascii() and words.isprintable() and not set(words) & set('"\\')
        return words.encode() if plain else b""

    def matches(self, entry: Entry) -> bool:
        """Whether the filter lets the entry through."""
        wanted = self._wanted
        return (
            entry.level >= wanted.level
            and wanted.service in ("", entry.service)
            and wanted.trace_id in ("", entry.trace_id)
            and wanted.since <= entry.time < self._until
            and (not self._text or self._in_text(entry))
        )

    def _in_text(self, entry: Entry) -> bool:
        if self._text in entry.message.lower():
            return True
        return any(self._text in _text_of(value) for value in entry.fields.values())


def _text_of(value: object) -> str:
    """Return what people would look for in a field's value: a text itself, or else its JSON."""
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text.lower()


def write_cursor(key: Key) -> str:
    """Return the cursor of the page that begins below `key`."""
    return f"{key[0]!r}:{key[1]}"


def read_cursor(cursor: str) -> Key:
    """Return the key below which a page begins.

    Raises:
        ValueError: this is no cursor of ours.
    """
    if not cursor:
        return FIRST_PAGE
    time, _, number = cursor.partition(":")
    try:
        return float(time), int(number)
    except ValueError:
        msg = f"cursor: {cursor!r} was not given by this log"
        raise ValueError(msg) from None
