"""Filling templates of files that people read and change afterwards."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.resources import files
from string import Template

Values = Mapping[str, str | Sequence[str]]

_WORDS = {"y", "n", "yes", "no", "on", "off", "true", "false", "null"}  # YAML 1.1, too
_ALONE = re.compile(r"( *)\$([a-z_]+)\n?")


def fill(template: str, values: Values) -> str:
    """Return a template with its values.

    A value that stands alone on its line may be many lines, which are indented as it is, or none:
    then its line goes too.
    """
    source = files("kitfox.deployment").joinpath("templates", template).read_text(encoding="utf-8")
    lines = "".join(_filled(source.splitlines(keepends=True), values))
    return re.sub(r"\n{3,}", "\n\n", lines)


def _filled(lines: Iterable[str], values: Values) -> Iterator[str]:
    for line in lines:
        if alone := _ALONE.fullmatch(line):
            yield from (f"{alone[1]}{each}\n" for each in _lines(values[alone[2]]))
        else:
            whole = Template(line).substitute(values)
            yield re.sub(r" +\n", "\n", whole)


def _lines(value: str | Sequence[str]) -> list[str]:
    return value.splitlines() if isinstance(value, str) else list(value)


def word(text: str) -> str:
    """Return a name as YAML has it: bare, unless that would be something else than a text."""
    return quoted(text) if text in _WORDS or not text[:1].isalpha() else text


def quoted(text: str) -> str:
    """Return a text as YAML, JSON and Dockerfiles have it."""
    return json.dumps(text)


def listed(texts: Iterable[str]) -> list[str]:
    """Return lines of YAML: a list of texts."""
    return [f"- {quoted(text)}" for text in texts]


def below(key: str, lines: Sequence[str]) -> list[str]:
    """Return lines of YAML under a key; none when there are none."""
    return [f"{key}:", *(f"  {line}" for line in lines)] if lines else []
