"""From the outbox to the log service: in order, once, whatever happens to the service."""

import asyncio
import logging
import random
from collections.abc import AsyncIterator

import pytest

from kitfox.core import InvalidArgument, Unavailable
from kitfox.scope import fail_after
from kitfox.services.logs import (
    Appended,
    Batch,
    Follow,
    KitfoxHandler,
    Logs,
    LogService,
    LogSettings,
    Outbox,
    Page,
    Query,
    Shipper,
    Tailed,
    entries_of,
)
from kitfox.transports.memory import Memory


class Troubled(Logs):
    """Logs whose every call may fail: before it was taken, or after, as a script or chance says."""

    def __init__(self, logs, trouble):
        self.logs = logs
        self.trouble = trouble

    async def append(self, batch: Batch) -> Appended:
        before, after = self.trouble()
        if before:
            raise before
        appended = await self.logs.append(batch)
        if after:
            raise after
        return appended

    async def query(self, query: Query) -> Page:
        return Page(())

    def tail(self, follow: Follow) -> AsyncIterator[Tailed]:
        raise NotImplementedError


@pytest.fixture
def outbox(tmp_path):
    with Outbox(tmp_path / "outbox", service="grading", instance="g1") as outbox:
        yield outbox


@pytest.fixture
def logger(outbox, logger_of):
    return logger_of(KitfoxHandler(outbox))


async def stored(logs):
    found = [entry.message async for entry in entries_of(logs, Query(limit=1000))]
    return found[::-1]


async def test_what_is_logged_arrives(served, outbox, logger):
    async with served() as logs, Shipper(outbox, logs) as shipper:
        for n in range(1200):
            logger.info(n)
        async with fail_after(10):
            await shipper.flush()
        assert await stored(logs) == [str(n) for n in range(1200)]


async def test_nothing_that_is_logged_is_too_long_for_the_service(served, tmp_path, logger_of):
    with Outbox(tmp_path / "o", service="s" * 999, instance="\ud800" * 999) as outbox:
        logger = logger_of(KitfoxHandler(outbox, trace_id=lambda: "t" * 999), "é" * 999)
        async with served() as logs:
            async with Shipper(outbox, logs):
                logger.info("\ud800" * 99_999, extra={"x" * 9999: "é" * 99_999})
            (message,) = await stored(logs)
            assert len(message) == 32_768


async def test_leaving_delivers_what_is_left(served, outbox, logger):
    async with served() as logs:
        async with Shipper(outbox, logs):
            logger.info("last words")
        assert await stored(logs) == ["last words"]


async def test_leaving_gives_up_when_nobody_listens_and_the_next_process_delivers(
    served, tmp_path, logger_of
):
    with Outbox(tmp_path / "o", service="grading") as outbox:
        async with Shipper(outbox, Logs.client(Memory()), grace=0.05):
            logger_of(KitfoxHandler(outbox)).info("kept")
    with Outbox(tmp_path / "o", service="grading") as outbox:
        async with served() as logs:
            async with Shipper(outbox, logs):
                pass
            assert await stored(logs) == ["kept"]


async def test_a_service_that_comes_late_gets_everything(tmp_path, outbox, logger, eventually):
    wire = Memory(grace=0.05)
    logs = Logs.client(wire)
    async with Shipper(outbox, logs, draw=lambda: 0.0) as shipper:
        for n in range(100):
            logger.info(n)
        await asyncio.to_thread(outbox.flush, 5)
        settings = LogSettings(directory=str(tmp_path / "log"))
        async with LogService(settings) as service, wire.listen(service.routes()):
            async with fail_after(10):
                await shipper.flush()
            assert await stored(logs) == [str(n) for n in range(100)]


@pytest.mark.parametrize("seed", range(3))
async def test_entries_arrive_once_and_in_order_whatever_fails(served, outbox, logger, seed):
    chance = random.Random(seed)
    errors = [None, None, Unavailable("away"), TimeoutError(), OSError("broken"), ValueError("?")]

    def trouble():
        return chance.choice(errors), chance.choice(errors)

    async with served() as logs:
        async with Shipper(outbox, Troubled(logs, trouble), draw=lambda: -0.98) as shipper:
            for n in range(200):
                logger.info(n)
                if n % 10 == 0:
                    await asyncio.to_thread(outbox.flush, 5)
            async with fail_after(20):
                await shipper.flush()
        assert await stored(logs) == [str(n) for n in range(200)]


async def test_a_batch_that_the_service_calls_wrong_is_dropped_and_told(served, outbox, logger):
    answers = iter([InvalidArgument("message: too long")])

    async with served() as logs:
        shipper = Shipper(outbox, Troubled(logs, lambda: (next(answers, None), None)))
        async with shipper:
            logger.info("poison")
            async with fail_after(10):
                await shipper.flush()
        told = "dropped 1 entries, refused: message: too long"
        assert await stored(logs) == [told]


class Chatty(Troubled):
    """Logs whose client logs about itself."""

    def __init__(self, logs, logger):
        super().__init__(logs, lambda: (None, None))
        self.logger = logger
        self.calls = 0

    async def append(self, batch: Batch) -> Appended:
        self.calls += 1
        self.logger.info("sending")
        await asyncio.to_thread(self.logger.info, "sending from a thread")
        await asyncio.create_task(self.say_so())
        return await super().append(batch)

    async def say_so(self):
        self.logger.info("sending from a task")


async def test_what_is_logged_about_shipping_is_not_shipped(served, outbox, logger):
    async with served() as logs:
        async with Shipper(outbox, Chatty(logs, logger)) as shipper:
            logger.info("hello")
            async with fail_after(10):
                await shipper.flush()
        assert await stored(logs) == ["hello"]


class Hanging(Troubled):
    """Logs that never answer."""

    async def append(self, batch: Batch) -> Appended:
        await asyncio.Event().wait()
        return Appended(0)


async def test_a_hanging_service_is_tried_again_and_held_up_nobody(served, outbox, logger, caplog):
    caplog.set_level(logging.INFO, "kitfox.logs")
    async with served() as logs:
        hanging = Hanging(logs, None)
        async with Shipper(outbox, hanging, timeout=0.01, grace=0.05, draw=lambda: -0.9):
            logger.info("hello")
            await asyncio.to_thread(outbox.flush, 5)
            async with fail_after(5):
                while "cannot be reached" not in caplog.text:
                    await asyncio.sleep(0.005)
            hanging.append = logs.append
            async with fail_after(5):
                while "is back" not in caplog.text:
                    await asyncio.sleep(0.005)
        assert await stored(logs) == ["hello"]
    assert caplog.text.count("cannot be reached") == 1
