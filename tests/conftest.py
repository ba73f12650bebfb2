"""What every test gets: proof that it left nothing behind.

And for those who ask: a wait for what something else brings about, a fuzzer that goes on as long as
a person wants, certificates, a browser.
"""

import asyncio
import faulthandler
import gc
import inspect
import itertools
import logging
import os
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio
from hypothesis import seed, settings

from kitfox import fail_after
from kitfox.net import TLS

# A busy machine is no fault of the code's: no test judges by elapsed time.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

# How long each test that uses `fuzz` goes on, seconds: 600 is what a release should have had.
FUZZ_SECONDS = float(os.environ.get("KITFOX_FUZZ_SECONDS", "0"))
# How long what a test stopped may take to be gone, seconds.
GRACE = 2.0
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM_FLAGS = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
    "--no-sandbox",
)


def pytest_collection_modifyitems(items):
    """Set the watch for tasks up first in every async test, so that it is torn down last.

    Whole systems come first: one that begins last would keep all other workers waiting.
    """
    items.sort(key=lambda item: "e2e" not in item.path.parts)
    for item in items:
        if inspect.iscoroutinefunction(getattr(item, "obj", None)):
            watch = "no_task_left_in_file" if shares_loop(item) else "no_task_left"
            item.fixturenames.insert(0, watch)


def pytest_collection_finish():
    """Let collections of garbage pass over the tests themselves, and all that they imported."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """In CI fail a test that is skipped: what it lacks has to be installed there."""
    report = yield
    if report.skipped and os.environ.get("CI") and not hasattr(report, "wasxfail"):
        *_, reason = report.longrepr
        report.outcome, report.longrepr = "failed", f"nothing may be left out in CI: {reason}"
    return report


def shares_loop(item) -> bool:
    """Tell whether all tests of its file run in one loop, as the users of a browser do."""
    mark = item.get_closest_marker("asyncio")
    return mark is not None and mark.kwargs.get("loop_scope") == "module"


@pytest.fixture
async def no_task_left():
    """Fail a test whose tasks outlive it and its fixtures."""
    async with tasks_watched():
        yield


@pytest_asyncio.fixture(loop_scope="module")
async def no_task_left_in_file(browser):
    """Fail such a test too; what the browser needs may outlive it."""
    async with tasks_watched():
        yield


@asynccontextmanager
async def tasks_watched():
    before = asyncio.all_tasks()
    yield
    if left := asyncio.all_tasks() - before - {asyncio.current_task()}:
        _, left = await asyncio.wait(left, timeout=GRACE)
    assert not left, f"tasks left running: {[task.get_coro() for task in left]}"
    await grpcio_rests()


async def grpcio_rests():
    """Wait until grpcio has no event for this loop: one that comes later is lost, and those behind.

    Its poller ends with the last of its objects; what a test still holds may hold some of them.
    """
    if any(map(is_poller, threading.enumerate())):
        gc.collect()
        for _ in range(20):
            if not any(map(is_poller, threading.enumerate())):
                break
            await asyncio.sleep(0.01)


@pytest.fixture(autouse=True)
def nothing_left_running():
    """Fail a test whose threads or child processes outlive it."""
    threads, children = set(threading.enumerate()), set(child_processes())
    yield
    new_threads = [thread for thread in set(threading.enumerate()) - threads if is_ours(thread)]
    for thread in new_threads:
        thread.join(GRACE)
    assert not [thread.name for thread in new_threads if thread.is_alive()]
    assert set(child_processes()) <= children, "child processes left, or not waited for"


@pytest.fixture(autouse=True)
def nothing_failed_unseen():
    """Fail a test in which a callback fails, or a task whose error nobody takes.

    A loop tells that to its log alone.
    """
    unseen, log = Unseen(), logging.getLogger("asyncio")
    log.addHandler(unseen)
    yield
    log.removeHandler(unseen)
    assert not unseen.told, "\n".join(unseen.told)


class Unseen(logging.Handler):
    """Keeps the errors that are logged."""

    def __init__(self):
        super().__init__(logging.ERROR)
        self.told = []

    def emit(self, record):
        self.told.append(self.format(record))


def is_ours(thread: threading.Thread) -> bool:
    """Leave out what ends by itself: the loop's own pool, and grpcio's poller and other threads.

    Those others are none of Python's: it calls them dummies.
    """
    return not (thread.name.startswith(("asyncio_", "Dummy-")) or is_poller(thread))


def is_poller(thread: threading.Thread) -> bool:
    return thread.name.endswith("(_poll_wrapper)")


def child_processes() -> Iterator[str]:
    """Give the ids of this process's children, the dead that nobody waited for included."""
    for task in Path("/proc/self/task").glob("*/children"):
        try:
            yield from task.read_text().split()
        except FileNotFoundError:  # the thread ended while we looked
            continue


@pytest.fixture
def eventually():
    """Wait until something holds, and return it."""

    async def wait(holds):
        async with fail_after(10):
            while not (found := holds()):
                await asyncio.sleep(0.005)
        return found

    return wait


@pytest.fixture
def settled():
    """Wait until a count has stopped growing, and return it."""

    async def wait(count):
        last, quiet = count(), 0
        async with fail_after(10):
            while quiet < 30:
                await asyncio.sleep(0.01)
                quiet = quiet + 1 if count() == last else 0
                last = count()
        return last

    return wait


@pytest.fixture
def fuzz():
    """Check a property of hypothesis by the seeds 0, 1, 2, …; by the first alone, unless asked."""

    def fuzz(check):
        end = time.monotonic() + FUZZ_SECONDS
        if FUZZ_SECONDS > 0:
            faulthandler.cancel_dump_traceback_later()  # it takes as long as it was told to
        for number in itertools.count():
            seed(number)(check)()
            if time.monotonic() >= end:
                print(f"fuzzed by {number + 1} seeds")  # noqa: T201  seen with -rP
                break

    return fuzz


@pytest.fixture(scope="session")
def authority():
    import trustme  # slow to import, and few tests need it

    return trustme.CA()


@pytest.fixture
def issue(authority, tmp_path):
    """`issue("a.example")`: the TLS of somebody with a certificate, who trusts the authority.

    A server that `asks` wants a certificate of its clients.
    """
    authority.cert_pem.write_to_path(ca := tmp_path / "ca.pem")

    def make(*names, asks=False, **more):
        issued = authority.issue_cert(*names)
        file = tmp_path / f"{names[0]}.pem"
        issued.private_key_and_cert_chain_pem.write_to_path(file)
        return TLS(certificate=file, ca=ca, client_ca=ca if asks else None, **more)

    return make


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser():
    """Run a headless Chromium for the tests of a file; it takes seconds to start.

    They share a loop with it: `pytest.mark.asyncio(loop_scope="module")`. A machine without one
    fails them rather than skip them.
    """
    from playwright.async_api import async_playwright  # slow to import, and few tests need it

    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, CHROMIUM_NAMES)), "")
    if not found:
        pytest.fail("these tests need Chromium: apt-get install chromium, or set CHROMIUM=path")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=found, args=CHROMIUM_FLAGS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="module")
async def page(browser):
    """Open a page, which knows nothing of others; an exception of its scripts fails the test."""
    page, faults = await browser.new_page(), []
    page.on("pageerror", lambda fault: faults.append(fault))  # noqa: PLW0108  it marks the function
    yield page
    await page.close()
    assert faults == []
