"""HTTP: kitfox's server beside a bare ASGI application and FastAPI, its client beside aiohttp's.

`python benchmarks/http.py [--quick]`; what is measured, and how, stands in `_http_benchmark.py`.

A script's folder is the first place where Python looks for a module, so this file is also what a
benchmark gets when something that it uses imports the standard library's `http`. It steps aside.
"""

import importlib
import sys

sys.path.append(sys.path.pop(0))

if __name__ == "http":
    del sys.modules["http"]
    importlib.import_module("http")  # the import system hands on what bears the name now
elif __name__ == "__main__":
    import _http_benchmark

    sys.exit(_http_benchmark.main())
