"""Calls of all kinds, an endpoint that does as it is told, and a clock that a test moves."""

import asyncio

import pytest

from kitfox.core import Call, Kind, Metadata, Method
from kitfox.scope import Deadline, fail_after

METHODS = {
    "get": Method("a.B", "get", Kind.UNARY, int, int, idempotent=True),
    "add": Method("a.B", "add", Kind.UNARY, int, int),
    "watch": Method("a.B", "watch", Kind.SERVER_STREAM, int, int, idempotent=True),
    "collect": Method("a.B", "collect", Kind.CLIENT_STREAM, int, int, idempotent=True),
}


class Clock:
    """A time that a test sets; waiting moves it on."""

    def __init__(self):
        self.now = 1000.0
        self.waits = []

    def __call__(self):
        return self.now

    async def sleep(self, seconds):
        self.waits.append(seconds)
        self.now += seconds


class Script:
    """An endpoint that plays one step for each call: an error is raised, a function is awaited.

    Whatever else a step is, is the reply. The last step is played for ever.
    """

    def __init__(self, *steps):
        self._steps = list(steps)
        self.calls = []
        self.seen = []  # metadata and deadline of each call, as it came

    async def __call__(self, call, message):
        self.calls.append(call)
        self.seen.append((call.plain_metadata(), call.deadline))
        call.tried += (f"node-{len(self.calls)}",)
        step = self._steps.pop(0) if len(self._steps) > 1 else self._steps[0]
        if isinstance(step, BaseException):
            raise step
        return await step(call, message) if callable(step) else step


class Gate:
    """A step that waits until a test opens it; it tells when it was entered, and cancelled."""

    def __init__(self, reply="late"):
        self.entered = asyncio.Event()
        self.opened = asyncio.Event()
        self.cancelled = asyncio.Event()
        self._reply = reply

    async def __call__(self, call, message):
        self.entered.set()
        try:
            await self.opened.wait()
        except asyncio.CancelledError:
            self.cancelled.set()
            raise
        if isinstance(self._reply, BaseException):
            raise self._reply
        return self._reply


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def script():
    return Script


@pytest.fixture
def gate():
    return Gate


@pytest.fixture
def make_call():
    """Make a call of one of the methods; with a deadline, if told how many seconds from `now`."""

    def make(name="get", *, seconds=None, now=None, metadata=None, **options):
        if seconds is not None:
            at = Deadline.after(seconds) if now is None else Deadline(now + seconds)
            options["deadline"] = at
        return Call(METHODS[name], metadata=Metadata(metadata), **options)

    return make


@pytest.fixture
def soon():
    """Wait until a condition holds, or fail."""

    async def wait(holds):
        async with fail_after(5):
            while not holds():
                await asyncio.sleep(0)

    return wait
