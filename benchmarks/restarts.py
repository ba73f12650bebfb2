"""Run `_restarts.py`, by this file's path or as `python -m benchmarks.restarts`."""

import sys
from pathlib import Path

# A script's own folder comes first in the path; there, http.py would hide the standard library's.
sys.path[0] = str(Path(__file__).parents[1])

if __name__ == "__main__":
    from benchmarks._restarts import main

    sys.exit(main())
