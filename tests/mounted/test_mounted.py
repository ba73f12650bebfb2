"""Each example of mounting runs, and prints what both sides of it answered."""

import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "examples" / "mounted"
PRINTED = {
    "fastapi_in_kitfox.py": [
        "kitfox keeps note 1",
        'FastAPI answers 200 {"text":"buy milk"}',
        'FastAPI answers 404 {"detail":"no note 2"}',
    ],
    "servicer_beside_kitfox.py": ["the servicer says Hello, Ada!", "kitfox counts 11"],
    "kitfox_in_fastapi.py": ["FastAPI says hello", "kitfox counts 1", "kitfox counts 2"],
}


def test_every_example_is_tested():
    assert {file.name for file in FOLDER.glob("*.py")} == set(PRINTED)


@pytest.mark.parametrize("name", PRINTED)
def test_an_example_prints_what_both_sides_answered(name):
    run = subprocess.run(
        [sys.executable, FOLDER / name], capture_output=True, check=True, text=True, timeout=60
    )
    assert (run.stdout.splitlines(), run.stderr) == (PRINTED[name], "")
