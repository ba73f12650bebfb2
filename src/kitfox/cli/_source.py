"""What a document is made of: code that is here, a file that was exported, a service that runs."""

import re
import sys
from pathlib import Path
from typing import NamedTuple

import msgspec

from kitfox.app import WiringError, load_target, made_by
from kitfox.cli._ask import this_system
from kitfox.cli._described import document_at
from kitfox.cli._exit import Exit, Failed
from kitfox.cli._look import look
from kitfox.cli._options import Where
from kitfox.core import Method, methods_of
from kitfox.schema import Change, Description, describe, diff, read_description
from kitfox.scope import fail_after

_CODE = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*")


class Source(NamedTuple):
    """Some methods: as they are described, themselves if their code is here, and where they run."""

    description: Description
    methods: tuple[Method, ...] = ()
    addresses: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """The names of their services."""
        return ", ".join(sorted({method.service for method in self.description.methods}))


async def source_of(word: str, where: Where) -> Source:
    """Return the methods of MODULE:NAME, of a file, or of a service that runs.

    Raises Failed (used wrongly) for code or a file of no use; NotFound, Unavailable.
    """
    if word == "-" or word.endswith(".json") or "/" in word:
        return Source(_read(word))
    if _CODE.fullmatch(word):
        return _imported(word)
    async with fail_after(where.seconds):
        found = await look(word, where)
        document = await document_at(found.addresses[0])
    return Source(document.part(found.service), addresses=found.addresses)


async def changes_between(old: str, new: str, where: Where) -> list[Change]:
    """Return what has changed from one source to another; raises what `source_of` does."""
    before, after = [await source_of(word, where) for word in (old, new)]
    return diff(before.description, after.description)


def _read(file: str) -> Description:
    try:
        data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        return read_description(data)
    except OSError as error:
        raise Failed(f"{file}: cannot be read: {error.strerror}", Exit.USAGE) from None
    except msgspec.MsgspecError as error:
        raise Failed(f"{file}: expected what `schema export` writes: {error}", Exit.USAGE) from None


def _imported(target: str) -> Source:
    sys.path[:0] = [str(folder.resolve()) for folder in this_system().path]
    try:
        methods = tuple(methods_of(made_by(load_target(target))).values())
        return Source(describe(methods), methods)
    except (WiringError, ValueError) as error:
        raise Failed(str(error), Exit.USAGE) from None
