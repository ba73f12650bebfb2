"""Run `_channels.py`, by this file's path or as `python -m benchmarks.channels`."""

import sys
from pathlib import Path

# A script's own folder comes first in the path; other benchmarks' names would hide packages there.
sys.path[0] = str(Path(__file__).parents[1])

if __name__ == "__main__":
    from benchmarks._channels import main

    sys.exit(main())
