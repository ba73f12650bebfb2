"""Try an echo server of ours with the Autobahn test suite, sections 1 to 7, 9 and 10.

`python tools/autobahn.py python2 -m autobahntestsuite.wstest`: the arguments are the command that
is its `wstest`, which needs Python 2. So this is for those who have one, when WebSockets changed;
tests/transports/websocket/test_protocol.py has the hard cases for everybody.
"""

import asyncio
import shlex
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from kitfox.multiplex import KeepAlive
from kitfox.transports.http import HTTP
from kitfox.transports.websocket import Socket, WebSocket, WebSocketLimits

SECTIONS = ["1.*", "2.*", "3.*", "4.*", "5.*", "6.*", "7.*", "9.*", "10.*"]
# What Autobahn itself counts as passed.
PASSED = {"OK", "NON-STRICT", "INFORMATIONAL"}


class Case(msgspec.Struct):
    """What Autobahn says about one case."""

    behavior: str
    closing: str = msgspec.field(name="behaviorClose")


async def echo(socket: Socket) -> None:
    """Send back whatever comes."""
    async for message in socket:
        await socket.send(message)


async def judge(wstest: Sequence[str], folder: Path) -> Mapping[str, Case]:
    """Run the suite against a server of ours, and return what it says."""
    websocket = WebSocket(
        "/calls",
        handlers={"/": echo},
        limits=WebSocketLimits(message=16 << 20),  # section 9 sends as much
        keep_alive=KeepAlive(quiet=3600.0),
    )
    async with HTTP(websocket=websocket).listen({}) as url:
        server = {"agent": "kitfox", "url": url.replace("http", "ws", 1)}
        spec = {"outdir": str(folder), "servers": [server], "cases": SECTIONS}
        (folder / "spec.json").write_bytes(msgspec.json.encode(spec))
        command = [*wstest, "-m", "fuzzingclient", "-s", str(folder / "spec.json")]
        suite = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.DEVNULL)
        if await suite.wait():
            raise SystemExit(f"{shlex.join(command)} failed")
    index = (folder / "index.json").read_bytes()
    return msgspec.json.decode(index, type=dict[str, dict[str, Case]])["kitfox"]


def failures(cases: Mapping[str, Case]) -> Iterator[str]:
    """Name the cases that did not pass."""
    for number, case in cases.items():
        if not {case.behavior, case.closing} <= PASSED:
            yield f"{number}: {case.behavior}, closing: {case.closing}"


def main() -> None:
    """Print how many cases passed, and those that did not."""
    with tempfile.TemporaryDirectory() as folder:
        cases = asyncio.run(judge(sys.argv[1:], Path(folder)))
    failed = list(failures(cases))
    print(f"{len(cases) - len(failed)} of {len(cases)} cases passed", *failed, sep="\n")
    sys.exit(bool(failed) or not cases)


if __name__ == "__main__":
    main()
