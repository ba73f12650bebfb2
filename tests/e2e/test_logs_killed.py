"""The log service is killed while a service logs in the way that the standard library has."""

from kitfox.services.logs import Logs, Query, entries_of
from kitfox.transports.http import HTTPConnection

CONFIG = """
[system]
registry = "http://127.0.0.1:7700"

[service.registry]
run = "kitfox.services.registry:build"
notice = "0s"
listen = "http://127.0.0.1:7700"

[service.logs]
run = "kitfox.services.logs:LogService"
notice = "0s"
settings = { segment_bytes = 8192 }

[service.talker]
run = "talker:Talker"
notice = "0s"
"""

TALKER = """
import asyncio
import logging

from kitfox.core import Service, rpc

class Talker(Service, name="test.Talker"):
    @rpc
    async def talk(self, first: int, last: int) -> None:
        for number in range(first, last + 1):
            logging.getLogger("talker").info("line %d", number)
            await asyncio.sleep(0)
"""

LINES = 1000
CHUNK = 50
KILLED_IN = (301, 601)  # chunks by their first line


async def logged(system) -> list[str]:
    """Everything that the talker said, as far as the log service has it, oldest first."""
    async with HTTPConnection(system.address("logs")) as connection:
        entries = entries_of(
            Logs.client(connection), Query(service="talker", text="line ", limit=1000)
        )
        return [entry.message async for entry in entries][::-1]


async def test_1000_lines_arrive_once_and_in_order_though_the_log_service_is_killed(system, until):
    talking = system(CONFIG)
    (talking.folder / "talker.py").write_text(TALKER)
    await talking.up()
    talker = talking.address("talker")
    for first in range(1, LINES, CHUNK):
        if first in KILLED_IN:
            await talking.kill("logs")
        page = await talking.call(f"{talker}/test.Talker/Talk", first=first, last=first + CHUNK - 1)
        assert page.status == 200
    expected = [f"line {number}" for number in range(1, LINES + 1)]
    await until(lambda: talking.is_back("logs", restarts=len(KILLED_IN)))
    await until(lambda: has_all(talking))
    assert await logged(talking) == expected


async def has_all(system) -> bool:
    return len(await logged(system)) >= LINES
