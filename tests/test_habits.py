"""The habits that conftest.py gives to every test, tried on tests that break them."""

from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

CONFIG = """
[pytest]
asyncio_mode = auto
asyncio_default_fixture_loop_scope = function
"""

LEAKS = {
    "a_task": """
        import asyncio
        kept = []
        async def test_it():
            kept.append(asyncio.create_task(asyncio.Event().wait()))
    """,
    "a_thread": """
        import threading
        def test_it():
            threading.Thread(target=threading.Event().wait, daemon=True).start()
    """,
    "a_child_process": """
        import subprocess
        kept = []
        def test_it():
            kept.append(subprocess.Popen(["cat"], stdin=subprocess.PIPE))
    """,
}


@pytest.fixture
def house_of_tests(pytester):
    """Make an empty house with our conftest."""
    pytester.makeini(CONFIG)
    pytester.makeconftest(Path(__file__).with_name("conftest.py").read_text())
    return pytester


@pytest.mark.parametrize("leak", LEAKS)
def test_what_a_test_leaves_running_fails_it(house_of_tests, leak):
    house_of_tests.makepyfile(LEAKS[leak])
    house_of_tests.runpytest_subprocess("-p", "no:randomly").assert_outcomes(passed=1, errors=1)


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
