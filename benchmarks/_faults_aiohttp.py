"""Aiohttp in the benchmark of failure: a list that is gone through in turn, and tenacity.

An attempt gets half of the time that a call has, or a server that is silent would take all of it.
"""

import itertools
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

from aiohttp import ClientSession, ClientTimeout, TCPConnector, web
from tenacity import retry, stop_after_attempt, wait_random_exponential

from benchmarks._faults_job import DONE, GRACE, TIMEOUT, Broken, Do, Job, stopped
from benchmarks._faults_ledger import Ledger
from kitfox.scope import fail_after

TRIES: Final = 3
ATTEMPT: Final = ClientTimeout(total=TIMEOUT / 2)


async def serve(port: str, ledger: Ledger, _: str) -> None:
    """Serve until told to stop."""
    job = Job(ledger)

    async def do(_: web.Request) -> web.Response:
        ledger.count()
        try:
            await job.run()
        except Broken:
            raise web.HTTPInternalServerError from None
        return web.Response(text=DONE)

    application = web.Application()
    application.router.add_post("/do", do)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=GRACE)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", int(port)).start()
    await stopped()
    await runner.cleanup()


@asynccontextmanager
async def client(ports: Sequence[int], _: str) -> AsyncIterator[Do]:
    """Yield what makes one call; each begins with the next server, and goes on from there."""
    urls = [f"http://127.0.0.1:{port}/do" for port in ports]
    first = itertools.cycle(range(len(urls)))
    async with ClientSession(connector=TCPConnector(limit=0)) as session:

        @retry(
            stop=stop_after_attempt(TRIES),
            wait=wait_random_exponential(multiplier=0.05, max=1),
            reraise=True,
        )
        async def attempt(order: Iterator[str]) -> str:
            post = session.post(next(order), timeout=ATTEMPT, raise_for_status=True)
            async with post as reply:
                return await reply.text()

        async def call() -> object:
            order = itertools.islice(itertools.cycle(urls), next(first), None)
            async with fail_after(TIMEOUT):
                return await attempt(order)

        yield call
