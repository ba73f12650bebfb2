"""Durations in a configuration, wherever they stand."""

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from kitfox.app import ConfigError, convert


class Retry(msgspec.Struct):
    waits: tuple[timedelta, ...] = ()


@dataclass
class Settings:
    wait: timedelta = timedelta()
    longest: timedelta | None = None
    retry: Retry | None = None
    named: dict[str, timedelta] = field(default_factory=dict)
    folder: Path = Path()


def read(**table: object) -> Settings:
    return convert(table, Settings, where="kitfox.toml", key="settings", texts=True)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        *(("30s", 30), ("250ms", 0.25), ("1.5h", 5400), ("2d", 172_800), ("1h30m", 5400)),
        *(("0s", 0), ("1m5s", 65), ("PT30S", 30), ("30", 30), (30, 30), (0.5, 0.5)),
    ],
)
def test_a_duration_may_be_written_as_people_do(text: object, seconds: float):
    assert read(wait=text).wait == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "s", "30 s", "30x", "-5s", "soon", "1h30", "9999999999d"])
def test_what_is_no_duration_is_refused_with_an_example(text: str):
    with pytest.raises(ConfigError) as refused:
        read(wait=text)
    assert str(refused.value) == 'kitfox.toml: settings.wait: expected a duration such as "30s"'


def test_durations_are_found_in_unions_lists_tables_and_structs():
    made = read(longest="5m", retry={"waits": ["1s", 2]}, named={"a": "3s"})
    assert made.longest == timedelta(minutes=5)
    assert made.retry == Retry((timedelta(seconds=1), timedelta(seconds=2)))
    assert made.named == {"a": timedelta(seconds=3)}
    with pytest.raises(ConfigError, match=r"settings\.retry\.waits\[1\]: expected a duration"):
        read(retry={"waits": ["1s", "x"]})


def test_a_dataclass_says_what_it_knows_as_a_struct_does():
    with pytest.raises(ConfigError, match=r'settings\.wayt: unknown key; did you mean "wait"'):
        read(wayt="1s")
