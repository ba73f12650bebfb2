"""The habits that conftest.py gives to every test, tried on tests that break them."""

from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

CONFIG = """
[pytest]
asyncio_mode = auto
asyncio_default_fixture_loop_scope = function
"""

LEAKS = """
import asyncio
import subprocess
import threading

kept = []

async def test_a_task():
    kept.append(asyncio.create_task(asyncio.Event().wait()))

def test_a_thread():
    threading.Thread(target=threading.Event().wait, daemon=True).start()

def test_a_child_process():
    kept.append(subprocess.Popen(["cat"], stdin=subprocess.PIPE))

async def test_a_callback_that_fails():
    asyncio.get_running_loop().call_soon(lambda: 1 // 0)
    await asyncio.sleep(0)

async def fail():
    raise LookupError

async def test_an_error_that_nobody_takes():
    asyncio.create_task(fail())
    await asyncio.sleep(0)
"""


@pytest.fixture
def house_of_tests(pytester):
    """Make an empty house with our conftest."""
    pytester.makeini(CONFIG)
    pytester.makeconftest(Path(__file__).with_name("conftest.py").read_text())
    return pytester


def test_what_a_test_leaves_behind_fails_it(house_of_tests):
    house_of_tests.makepyfile(LEAKS)
    house_of_tests.runpytest_subprocess("-p", "no:randomly").assert_outcomes(passed=5, errors=5)


def test_what_a_test_ends_in_time_is_no_leak(house_of_tests):
    house_of_tests.makepyfile("""
        import asyncio
        import pytest
        @pytest.fixture
        async def worker():
            task = asyncio.create_task(asyncio.sleep(0.01))
            yield
            task.cancel()
        async def test_it(worker):
            await asyncio.to_thread(int)
    """)
    house_of_tests.runpytest_subprocess("-p", "no:randomly").assert_outcomes(passed=1)


SKIPS = """
    import pytest
    def test_it():
        pytest.skip("there is no moon")
    @pytest.mark.skipif("True", reason="nor a sun")
    def test_another(): ...
    @pytest.mark.xfail
    def test_what_is_known_to_fail():
        raise AssertionError
"""


@pytest.mark.parametrize(
    ("ci", "counts"), [("", {"skipped": 2}), ("true", {"failed": 1, "errors": 1})]
)
def test_what_is_left_out_elsewhere_fails_in_ci(house_of_tests, monkeypatch, ci, counts):
    monkeypatch.setenv("CI", ci)
    house_of_tests.makepyfile(SKIPS)
    done = house_of_tests.runpytest_subprocess("-p", "no:randomly")
    done.assert_outcomes(**counts, xfailed=1)
    assert ("left out in CI: Skipped: there is no moon" in done.stdout.str()) == bool(ci)
