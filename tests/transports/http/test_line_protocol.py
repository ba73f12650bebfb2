import subprocess
import sys
from pathlib import Path

EXAMPLE = Path(__file__).parents[3] / "examples" / "line_protocol.py"


def test_the_example_speaks_lines_and_http_on_one_port():
    run = subprocess.run(
        [sys.executable, str(EXAMPLE)], capture_output=True, check=True, text=True, timeout=60
    )
    assert run.stderr == ""
    assert run.stdout.splitlines() == [
        "HTTP/1.1 101 Switching Protocols",
        "stressed → desserts",
        "desserts → stressed",
        "over HTTP: evil",
    ]
