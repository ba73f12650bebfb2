"""Real processes: a log service that is killed, and processes that log meanwhile."""

import asyncio
import sys
from contextlib import asynccontextmanager

import pytest

from kitfox.scope import fail_after
from kitfox.services.logs import Logs, Query, entries_of
from kitfox.transports.http import HTTPConnection

SERVICE = """
import asyncio, sys
from kitfox.services.logs import LogService, LogSettings
from kitfox.transports.http import HTTP

async def main(folder, address):
    async with LogService(LogSettings(directory=folder, segment_bytes=8192)) as service:
        async with HTTP(address, fallback=service.asgi()).listen(service.routes()) as url:
            print(url, flush=True)
            await asyncio.Event().wait()

asyncio.run(main(*sys.argv[1:]))
"""

LOGGING = """
import asyncio, logging, sys
from pathlib import Path
from kitfox.services.logs import KitfoxHandler, Logs, Outbox, Shipper
from kitfox.transports.http import HTTPConnection

async def main(folder, url, first, last):
    log = logging.getLogger("school")
    log.setLevel(logging.INFO)
    with Outbox(Path(folder), service="grading", instance="grading-1") as outbox:
        log.addHandler(KitfoxHandler(outbox))
        async with HTTPConnection(url) as connection:
            async with Shipper(outbox, Logs.client(connection), timeout=2.0, grace=30.0):
                for n in range(int(first), int(last) + 1):
                    log.info("%d", n)
                    await asyncio.sleep(0.001)
                    if n % 100 == 0:
                        await asyncio.to_thread(outbox.flush, 5)
                        print(n, flush=True)

asyncio.run(main(*sys.argv[1:]))
"""


@asynccontextmanager
async def running(script, *args):
    """Run a script in a process of its own, and kill what is left of it."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, *map(str, args), stdout=asyncio.subprocess.PIPE
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.stdout.read()
        await process.wait()


async def told(process, line=None):
    """Return the next line a process prints, or wait for a certain one."""
    while True:
        heard = (await process.stdout.readline()).decode().strip()
        assert heard, "the process has ended"
        if line in (None, heard):
            return heard


async def all_messages(url):
    async with HTTPConnection(url) as connection:
        entries = entries_of(Logs.client(connection), Query(limit=1000))
        found = [entry.message async for entry in entries]
    return found[::-1]


@pytest.fixture
def folders(tmp_path):
    return tmp_path / "log", tmp_path / "outbox"


async def test_a_log_service_killed_amid_1000_lines_gets_all_of_them_once_in_order(folders):
    log, outbox = folders
    async with fail_after(60), running(SERVICE, log, ":0") as service:
        url = await told(service)
        async with running(LOGGING, outbox, url, 1, 1000) as process:
            await told(process, "300")
            service.kill()
            await service.wait()
            await told(process, "700")
            async with running(SERVICE, log, url.removeprefix("http://")) as second:
                assert await told(second) == url
                await told(process, "1000")
                assert await process.wait() == 0
                assert await all_messages(url) == [str(n) for n in range(1, 1001)]


async def test_what_a_killed_process_had_spooled_is_delivered_by_its_successor(folders):
    log, outbox = folders
    async with fail_after(60):
        async with running(SERVICE, log, ":0") as service:
            url = await told(service)
            async with running(LOGGING, outbox, url, 1, 9000) as process:
                await told(process, "200")
                service.kill()
                await service.wait()
                await told(process, "400")
                process.kill()
                await process.wait()
        async with running(SERVICE, log, url.removeprefix("http://")) as service:
            assert await told(service) == url
            async with running(LOGGING, outbox, url, 9001, 9100) as successor:
                assert await successor.wait() == 0
            found = [int(message) for message in await all_messages(url)]
    kept = len(found) - 100
    assert kept >= 400
    assert found == [*range(1, kept + 1), *range(9001, 9101)]
