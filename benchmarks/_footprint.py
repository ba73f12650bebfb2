"""What kitfox costs before it does anything: import time, modules from outside, idle memory."""

import subprocess
import sys
import tempfile
from importlib.metadata import packages_distributions
from pathlib import Path
from urllib.request import urlopen

from benchmarks._harness import free_port, server

ROUNDS = 9
MAX_IMPORT_MS = 100.0
MAX_RSS_MB = 45.0

TIME_IMPORTS = """
import time
start = time.perf_counter()
import asyncio
middle = time.perf_counter()
import kitfox
end = time.perf_counter()
print((end - start) * 1000, (middle - start) * 1000)
"""

LIST_AN_IMPORT = """
import sys
before = set(sys.modules)
import kitfox
print(*sorted({name.partition(".")[0] for name in set(sys.modules) - before}))
"""

SERVICE = """
from kitfox import Service, rpc

class Hello(Service):
    @rpc(idempotent=True)
    async def greet(self, name: str) -> str:
        return f"Hello, {name}!"
"""

SERVE = """
import asyncio, sys
from hello import Hello
from kitfox.app import Server
from kitfox.transports.http import HTTP
asyncio.run(Server(Hello(), listeners=[HTTP(f":{sys.argv[1]}")]).run())
"""


def run(code: str) -> str:
    """Run code in a new interpreter; return what it prints."""
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, text=True
    ).stdout


def import_ms() -> tuple[float, float]:
    """Return the milliseconds that `import kitfox` takes, and asyncio's part in them.

    The fastest round counts: whatever made another one slower was not the import.
    """
    times = [tuple(map(float, run(TIME_IMPORTS).split())) for _ in range(ROUNDS)]
    whole, part = min(times)
    return whole, part


def loaded_from_outside() -> list[str]:
    """Name the distributions, other than kitfox, that `import kitfox` loads."""
    owners = packages_distributions()
    loaded = {owner for name in run(LIST_AN_IMPORT).split() for owner in owners.get(name, ())}
    return sorted(loaded - {"kitfox"})


def idle_rss_mb() -> float:
    """Return the resident memory of a service that waits on HTTP after a call, in megabytes."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "hello.py").write_text(SERVICE)
        script = Path(folder, "serve.py")
        script.write_text(SERVE)
        port = free_port()
        with server(str(script), str(port), port=port) as process:
            urlopen(f"http://127.0.0.1:{port}/Hello/Greet?name=Ada", timeout=5).close()
            status = Path(f"/proc/{process.pid}/status").read_text()
    (line,) = (line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1024


def main() -> int:
    """Print the three and return 1 if one is over its limit."""
    (import_time, of_asyncio), rss = import_ms(), idle_rss_mb()
    print(f"import kitfox         {import_time:6.1f} ms  (at most {MAX_IMPORT_MS:.0f})")
    print(f"  of that asyncio     {of_asyncio:6.1f} ms")
    print(f"it loads from outside {', '.join(loaded_from_outside()) or 'nothing'}")
    print(f"an idle HTTP service  {rss:6.1f} MB  (at most {MAX_RSS_MB:.0f})")
    return int(import_time > MAX_IMPORT_MS or rss > MAX_RSS_MB)
