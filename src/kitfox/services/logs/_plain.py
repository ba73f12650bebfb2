"""Whatever code may log, as something that JSON can say, of bounded size, without ever failing."""

from collections.abc import Mapping, Sequence, Set as AbstractSet
from itertools import islice
from typing import cast

MOST_ITEMS = 64
MOST_DEPTH = 4
MOST_TEXT = 8192
MOST_MESSAGE = 32_768
MOST_NAME = 256
_WORD = 1 << 63
_CONTAINERS = (Mapping, Sequence, AbstractSet)
_Container = Mapping[object, object] | Sequence[object] | AbstractSet[object]


def plain(value: object, depth: int = MOST_DEPTH) -> object:
    """Return the value if JSON can say it, and what comes nearest if not: at last its repr."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, float):
        return float(value)
    if isinstance(value, int):
        return int(value) if -_WORD <= value < _WORD else clean(_repr(value))
    if isinstance(value, str):
        return clean(value)
    if depth and isinstance(value, _CONTAINERS) and not isinstance(value, bytes | bytearray):
        return _parts(cast("_Container", value), depth - 1)
    return clean(_repr(value))


def clean(text: str, most: int = MOST_TEXT) -> str:
    """Return a plain str that UTF-8 can say, no longer than `most`."""
    if len(text) > most:
        text = text[: most - 1] + "…"
    if text.isascii():
        return str.__str__(text)  # a str even if it was of a subclass
    return text.encode("utf-8", "replace").decode()  # which keeps the length


def _parts(value: _Container, depth: int) -> object:
    """Return the first parts of a container."""
    try:
        if isinstance(value, Mapping):
            items = islice(value.items(), MOST_ITEMS)
            return {clean(_text(key)): plain(item, depth) for key, item in items}
        return [plain(item, depth) for item in islice(value, MOST_ITEMS)]
    except Exception:  # noqa: BLE001 - a container of the user's, which may do anything
        return clean(_repr(value))


def _text(key: object) -> str:
    return key if isinstance(key, str) else _repr(key)


def _repr(value: object) -> str:
    try:
        return repr(value)
    except Exception as error:  # noqa: BLE001 - a repr of the user's, which may do anything
        return f"<{type(value).__name__} whose repr raised {type(error).__name__}>"
