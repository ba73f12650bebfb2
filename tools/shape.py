"""Measure the shape of Python source against the house's budget.

`python tools/shape.py src examples` prints the numbers and exits 1 when one is over its limit.
"""

import ast
import statistics
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

MAX_FUNCTION_LINES = 40
MAX_FILE_LINES = 400
MAX_DEPTH = 3
MAX_COMPLEXITY = 8

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_LOOPS = (ast.For, ast.AsyncFor, ast.While)
_TRIES = (ast.Try, ast.TryStar)
_BLOCKS = (ast.If, *_LOOPS, *_TRIES, ast.With, ast.AsyncWith, ast.Match)


@dataclass(frozen=True)
class Function:
    """One function and its numbers; `lines` leaves out decorators and the docstring."""

    place: str
    lines: int
    depth: int
    complexity: int

    def faults(self) -> Iterator[str]:
        """Say which limits the function is over."""
        for what, value, limit in (
            ("lines", self.lines, MAX_FUNCTION_LINES),
            ("levels deep", self.depth, MAX_DEPTH),
            ("in complexity", self.complexity, MAX_COMPLEXITY),
        ):
            if value > limit:
                yield f"{self.place}: {value} {what}, at most {limit}"


def files(*roots: Path) -> list[Path]:
    """List the Python files under the roots."""
    return sorted(path for root in roots for path in root.rglob("*.py"))


def functions(path: Path) -> Iterator[Function]:
    """Measure every function of a file, nested ones by themselves as well."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, _FUNCTIONS):
            place = f"{path}:{node.lineno} {node.name}"
            yield Function(place, lines(node), depth(node.body), complexity(node.body))


def lines(node: FunctionNode) -> int:
    """Count a function's lines from `def` to its end, without its docstring."""
    whole = (node.end_lineno or node.lineno) - node.lineno + 1
    if ast.get_docstring(node) is None:
        return whole
    doc = node.body[0]
    return whole - ((doc.end_lineno or doc.lineno) - doc.lineno + 1)


def depth(body: Iterable[ast.stmt]) -> int:
    """Count how deep blocks nest; `elif` adds nothing, an inner function starts anew."""
    return max((_depth_of(statement) for statement in body), default=0)


def _depth_of(statement: ast.stmt) -> int:
    if not isinstance(statement, _BLOCKS):
        return 0
    branches = list(_branches(statement))
    if isinstance(statement, ast.If) and _is_elif(statement.orelse):
        return max(1 + depth(branches[0]), depth(statement.orelse))
    return 1 + max(map(depth, branches))


def _is_elif(orelse: list[ast.stmt]) -> bool:
    return len(orelse) == 1 and isinstance(orelse[0], ast.If)


def complexity(body: Iterable[ast.stmt]) -> int:
    """Count the paths as McCabe does: one, and one more for each branch a statement opens."""
    return 1 + sum(map(_decisions, body))


def _decisions(statement: ast.stmt) -> int:
    if not isinstance(statement, _BLOCKS):
        return 0
    inner = sum(_decisions(child) for branch in _branches(statement) for child in branch)
    return inner + _own_decisions(statement)


def _own_decisions(statement: ast.stmt) -> int:
    match statement:
        case ast.If() | ast.For() | ast.AsyncFor() | ast.While():
            return 1
        case ast.Try() | ast.TryStar():
            return len(statement.handlers) + bool(statement.orelse)
        case ast.Match():
            return len(statement.cases)
        case _:
            return 0


def _branches(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    """Give the bodies of a compound statement."""
    for name in ("body", "orelse", "finalbody"):
        if branch := getattr(statement, name, None):
            yield branch
    for name in ("handlers", "cases"):
        yield from (part.body for part in getattr(statement, name, ()))


def file_faults(path: Path) -> Iterator[str]:
    """Say whether the file, or a function of it, is over a limit."""
    count = len(path.read_text().splitlines())
    if count > MAX_FILE_LINES:
        yield f"{path}: {count} lines, at most {MAX_FILE_LINES}"
    for function in functions(path):
        yield from function.faults()


def summary(measured: list[Function]) -> str:
    """Put the numbers the field is compared by into one line."""
    lengths = sorted(function.lines for function in measured)
    percentile = statistics.quantiles(lengths, n=100, method="inclusive")
    mean = statistics.mean(function.complexity for function in measured)
    return (
        f"{len(measured)} functions; lines: median {statistics.median(lengths):.0f}, "
        f"p90 {percentile[89]:.0f}, p99 {percentile[98]:.0f}, max {lengths[-1]}; "
        f"mean complexity {mean:.2f}"
    )


def main(roots: list[str]) -> int:
    """Print a line for each root and each fault."""
    faults: list[str] = []
    for root in roots:
        paths = files(Path(root))
        faults += [fault for path in paths for fault in file_faults(path)]
        measured = [function for path in paths for function in functions(path)]
        print(f"{root}: {len(paths)} files, {summary(measured) if len(measured) > 1 else 'empty'}")
    print(*faults, sep="\n", end="\n" if faults else "")
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
