"""Move the fragments of changelog.d into CHANGELOG.md, under a version.

`python tools/changelog.py 1.2.3` puts them on top of the file and removes them.
"""

import re
import sys
from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path

from house import ROOT

HEADINGS = {"added": "Added", "changed": "Changed", "fixed": "Fixed", "removed": "Removed"}
MARK = "<!-- releases below, newest first -->\n"


def kind_of(fragment: Path) -> str:
    """Read the kind from a name like `cron.added.md`; raise ValueError for another name."""
    name, _, kind = fragment.stem.rpartition(".")
    if not name or kind not in HEADINGS:
        raise ValueError(f"{fragment.name}: expected NAME.KIND.md, KIND one of {list(HEADINGS)}")
    return kind


def section(version: str, day: date, fragments: Iterable[Path]) -> str:
    """Write one release: its heading, then the fragments by kind."""
    texts: dict[str, list[str]] = {kind: [] for kind in HEADINGS}
    for fragment in sorted(fragments):
        texts[kind_of(fragment)].append(f"- {fragment.read_text().strip()}\n")
    parts = [
        f"### {HEADINGS[kind]}\n\n{''.join(lines)}\n" for kind, lines in texts.items() if lines
    ]
    return f"\n## {version} ({day.isoformat()})\n\n{''.join(parts)}".rstrip() + "\n"


def release(root: Path, version: str, day: date) -> None:
    """Write the release into the house under `root`; raise ValueError if there is none to write."""
    fragments = [path for path in (root / "changelog.d").glob("*.md") if path.stem != "README"]
    if not re.fullmatch(r"\d+\.\d+\.\d+", version) or not fragments:
        raise ValueError("a release has a VERSION like 1.2.3 and at least one fragment")
    changelog = root / "CHANGELOG.md"
    before, mark, after = changelog.read_text().partition(MARK)
    if not mark:
        raise ValueError(f"CHANGELOG.md lost its line {MARK!r}")
    changelog.write_text(before + mark + section(version, day, fragments) + after)
    for fragment in fragments:
        fragment.unlink()


if __name__ == "__main__":
    try:
        release(ROOT, "".join(sys.argv[1:]), datetime.now(tz=UTC).date())
    except ValueError as error:
        sys.exit(f"no release: {error}")
