"""The defaults that pages tell of are those that there are."""

import importlib
import inspect
import re
import typing
from datetime import timedelta
from math import isfinite

import msgspec
import pytest

import house
from kitfox.app import Policy, read_duration, read_values

DOCS = house.ROOT / "docs"
ROW = re.compile(r"^\| `(\w+)` \| (?:client|server) \| (.+?) \| (.+) \|$", re.MULTILINE)
CODE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
KEY = re.compile(r"`(\w+)`([^`]*)")

# What the pages explain, and on which page.
KNOBS = {
    "balancing.md": {
        "kitfox.balancing": ["P2C", "ConsistentHash", "History", "Outliers", "Prefer"]
    },
    "idempotency.md": {"kitfox.idempotency.redis": ["RedisAnswers"]},
    "limits.md": {
        "kitfox.health": ["LoopLag"],
        "kitfox.resilience": ["Bulkhead", "Keyed", "Shedder"],
        "kitfox.resilience.redis": ["SharedLimiter"],
    },
    "resilience.md": {
        "kitfox.resilience": [
            *("AdaptiveBreaker", "Backoff", "Budget", "Hedge", "Retry", "Trip", "WindowBreaker"),
            "fallback",
        ]
    },
}
EXPLAINED = [
    (page, room, name) for page, rooms in KNOBS.items() for room in rooms for name in rooms[room]
]


@pytest.fixture(scope="module")
def table():
    """What the table of fields says: the default of each, and its keys."""
    _, _, fields = (DOCS / "policies.md").read_text().partition("\n## The fields\n")
    return {name: (default, keys) for name, default, keys in ROW.findall(fields)}


def rules_of(field):
    """The Struct that a field's own table becomes, or None."""
    kinds = typing.get_args(typing.get_type_hints(Policy)[field])
    return next((kind for kind in kinds if hasattr(kind, "__struct_fields__")), None)


def told(words, default):
    """What the words behind a key say, as the kind of thing that its default is."""
    if isinstance(default, tuple):
        return tuple(re.findall(r"\w+", words))
    (first,) = re.findall(r'^ "?([^\s",]+)', words)
    if isinstance(default, timedelta):
        return read_duration(first)
    return first == "true" if isinstance(default, bool) else type(default)(first)


def test_the_table_of_policies_has_each_field_and_its_default(table, tmp_path):
    (tmp_path / "kitfox.toml").touch()
    shown = {value.key: value.value for value in read_values(tmp_path / "kitfox.toml", {}, {})}
    words = {"on": True, "off": False}
    said = {
        f"policy.{name}": words.get(cell, cell.strip('`"')) for name, (cell, _) in table.items()
    }
    assert said == {key: value for key, value in shown.items() if key.startswith("policy.")}


@pytest.mark.parametrize("field", list(filter(rules_of, Policy.__struct_fields__)))
def test_the_table_of_policies_has_each_key_and_its_default(table, field):
    _, _, cell = table[field][1].rpartition("or a table: ")
    keys = dict(KEY.findall(cell))
    fields = msgspec.structs.fields(rules_of(field))
    assert keys.keys() == {key.name for key in fields}
    for key in fields:
        if key.required or key.default is None:
            continue
        assert told(keys[key.name], key.default) == key.default, key.name


@pytest.mark.parametrize(("page", "room", "name"), EXPLAINED)
def test_a_page_tells_of_each_number_a_policy_begins_with(page, room, name):
    prose = CODE.sub("", (DOCS / page).read_text())
    for knob in inspect.signature(getattr(importlib.import_module(room), name)).parameters.values():
        if type(knob.default) in (int, float) and isfinite(knob.default):
            said = re.findall(rf"\b{knob.name}=([\d._]*\d)", prose)
            assert knob.default in map(float, said), f"{page} says {knob.name} is {said}"
