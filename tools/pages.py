"""Read the code blocks of a page, and what each is for.

The dialect is plain Markdown; its readers see nothing of it:

- A block whose first line is a comment that names a file (`# service.py`, `# kitfox.toml`)
  is written to that file.
- Any other `python` block runs, in one module per page, `await` at the top level allowed.
- `toml` and `json` blocks must parse.
- In a `console` block each line `$ command` runs, and the lines after it are what it prints;
  `…` stands for anything, as does a line that is only `…`. A command that ends in ` &` keeps
  running until the page ends, and the page goes on when its lines were printed.
- The `js` blocks of a page are one module, which tests/e2e/browser runs.
- `text` and `sh` blocks are for the eye.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

LANGUAGES = frozenset({"python", "toml", "json", "console", "js", "text", "sh"})
_FENCE = re.compile(
    r"^(?P<indent> *)```(?P<language>\S*)[^\n]*\n(?P<body>.*?)^(?P=indent)```$",
    re.MULTILINE | re.DOTALL,
)
_FILE = re.compile(r"# (?P<name>[\w./-]+\.(?:py|toml))(?:\s|$)")


@dataclass(frozen=True)
class Block:
    """One fenced block, where it starts, and the file it is written to, if it is."""

    page: Path
    line: int
    language: str
    text: str
    file: str | None

    @property
    def place(self) -> str:
        """Name the block for a person."""
        return f"{self.page.name}:{self.line}"


@dataclass(frozen=True)
class Step:
    """One command of a console block and the output it is shown with."""

    command: str
    output: str
    stays: bool


def blocks(page: Path) -> Iterator[Block]:
    """Give the code blocks of a page in order; raise ValueError for a language of no meaning."""
    text = page.read_text()
    for match in _FENCE.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        if match["language"] not in LANGUAGES:
            raise ValueError(f"{page}:{line}: a block is one of {sorted(LANGUAGES)}")
        rows = match["body"].splitlines(keepends=True)
        body = "".join(row.removeprefix(match["indent"]) for row in rows)
        named = _FILE.match(body)
        yield Block(page, line, match["language"], body, named["name"] if named else None)


def steps(block: Block) -> Iterator[Step]:
    """Split a console block; raise ValueError if it does not begin with a command."""
    head, *rest = re.split(r"^\$ ", block.text, flags=re.MULTILINE)
    if head.strip() or not rest:
        raise ValueError(f"{block.place}: a console block begins with `$ command`")
    for part in rest:
        command, _, output = part.partition("\n")
        stays = command.endswith(" &")
        yield Step(command.removesuffix(" &").strip(), output.strip(), stays)


def agrees(shown: str, printed: str, *, whole: bool = True) -> bool:
    """Compare what a page shows with what was printed; `whole=False` for output so far."""
    lines = [line.rstrip() for line in shown.splitlines()]
    pattern = "\n".join(map(_line_pattern, lines)).replace("\n\0", "\0").replace("\0\n", "\0")
    pattern = pattern.replace("\0", r"(?s:.*)") + (r"\s*" if whole else r"(?s:.*)")
    told = "\n".join(line.rstrip() for line in printed.strip().splitlines())
    return re.fullmatch(pattern, told) is not None


def _line_pattern(line: str) -> str:
    """Turn one line into a pattern; NUL marks a line that stands for any number of lines."""
    return "\0" if line == "…" else re.escape(line).replace("…", ".*")


def links(page: Path) -> Iterator[str]:
    """Give the relative links and pictures of a page, without their anchors."""
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", _FENCE.sub("", page.read_text())):
        if "://" not in target and not target.startswith("mailto:"):
            yield target
