"""Where things stand in the house: its rooms, its modules, its pages."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "kitfox"
# Folders that only hold rooms.
WINGS = frozenset({"transports", "services"})


def rooms() -> list[str]:
    """Name every room by its folder, as `core` or `transports/http`."""
    folders = (init.parent.relative_to(SOURCE) for init in SOURCE.rglob("__init__.py"))
    return sorted({str(folder) for folder in folders} - WINGS - {"."})


def module_name(path: Path) -> str:
    """Name the module a source file makes."""
    parts = ("kitfox", *path.relative_to(SOURCE).with_suffix("").parts)
    return ".".join(parts).removesuffix(".__init__")


def module_files() -> list[Path]:
    """List the source files of the package."""
    return sorted(SOURCE.rglob("*.py"))


def imports(path: Path) -> Iterator[str]:
    """Name every module a file imports, inside functions too; relative imports are refused."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            if node.module is None or node.level:
                raise ValueError(f"{path}:{node.lineno}: a relative import")
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def pages() -> list[Path]:
    """List the pages a reader is sent to; decisions are for those who change the house."""
    docs = (page for page in (ROOT / "docs").rglob("*.md") if page.parent.name != "decisions")
    return [ROOT / "README.md", *sorted(docs)]


def example_files() -> list[Path]:
    """List the Python files of the examples."""
    return sorted((ROOT / "examples").rglob("*.py"))
