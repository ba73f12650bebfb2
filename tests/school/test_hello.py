import subprocess
import sys
from pathlib import Path

HELLO = Path(__file__).parents[2] / "examples" / "hello.py"


def test_hello_says_hello():
    run = subprocess.run(
        [sys.executable, str(HELLO)], capture_output=True, check=True, text=True, timeout=60
    )
    assert (run.stdout, run.stderr) == ("Hello, world!\n", "")
