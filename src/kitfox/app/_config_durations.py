"""Durations as people write them: "30s", "1h30m", "250ms". Pure.

msgspec reads a timedelta from ISO 8601 ("PT30S") or from seconds, and asks nobody else: so what
people write is replaced before it looks.
"""

import re
from datetime import timedelta
from typing import cast

from msgspec import inspect

from kitfox.app._config_layers import is_table

_PART = r"(\d+(?:\.\d+)?)(ms|s|m|h|d)"
_DURATION = re.compile(f"(?:{_PART})+")
_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86_400}


def read_duration(text: str) -> timedelta | None:
    """Read "90s", "250ms", "1.5h" or "1h30m"; None when it is nothing of the kind."""
    if not _DURATION.fullmatch(text):
        return None
    parts = re.findall(_PART, text)
    try:
        return timedelta(seconds=sum(float(number) * _SECONDS[unit] for number, unit in parts))
    except OverflowError:  # more than any clock will count
        return None


def read_durations(value: object, kind: inspect.Type) -> object:
    """Return the value, with a timedelta in the place of each text where one is wanted."""
    match kind:
        case inspect.TimeDeltaType() if isinstance(value, str):
            duration = read_duration(value)
            return value if duration is None else duration
        case inspect.UnionType():
            for option in kind.types:  # no other of them is written as text: msgspec forbids it
                value = read_durations(value, option)
            return value
        case inspect.StructType() | inspect.DataclassType() if is_table(value):
            wanted = {field.encode_name: field.type for field in kind.fields}
            return {key: _read(item, wanted.get(key)) for key, item in value.items()}
        case inspect.DictType() if is_table(value):
            return {key: read_durations(item, kind.value_type) for key, item in value.items()}
        case inspect.ListType() | inspect.VarTupleType() if isinstance(value, list):
            items = cast("list[object]", value)
            return [read_durations(item, kind.item_type) for item in items]
        case _:
            return value


def _read(value: object, kind: inspect.Type | None) -> object:
    return value if kind is None else read_durations(value, kind)
