"""One process of the benchmark of failure.

`python -m benchmarks._faults_server STACK PORT LEDGER REGISTRY` is a server, and
`python -m benchmarks._faults_server registry PORT DATABASE` the registry. Each prints a line when
it takes calls, and ends kindly on SIGTERM, or when its standard input ends: its parent is gone.
"""

import importlib
import sys
from pathlib import Path

import uvloop

from benchmarks._faults_ledger import Ledger

if __name__ == "__main__":
    match sys.argv[1:]:
        case ["registry", at, file]:
            kitfox = importlib.import_module("benchmarks._faults_kitfox")
            uvloop.run(kitfox.serve_registry(at, file))
        case [name, at, file, url]:
            stack = importlib.import_module(f"benchmarks._faults_{name}")
            uvloop.run(stack.serve(at, Ledger(Path(file)), url))
        case _:
            sys.exit(f"{sys.argv[1:]} is none of the processes of this benchmark")
