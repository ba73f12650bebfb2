"""Readiness checks: all at once, each with its time, and once for many who ask."""

import asyncio
import logging

import pytest

from kitfox import current_deadline, fail_after
from kitfox.health import Check, Checks, Readiness, Result


async def well():
    pass


async def broken():
    raise ConnectionError("nobody\nis there")


async def silent():
    await asyncio.Event().wait()


async def test_a_report_has_each_check_by_its_name():
    checks = Checks([Check("one", well), Check("two", broken)])
    async with fail_after(5):
        report = await checks.report()
    assert [(each.name, each.error) for each in report.results] == [
        ("one", ""),
        ("two", "ConnectionError: nobody is there"),
    ]
    assert not report.ok
    assert str(report).startswith("[+] one ")
    assert str(report).endswith(": ConnectionError: nobody is there\nfailed")


async def test_a_check_that_does_not_answer_has_failed_after_its_time():
    checks = Checks([Check("deaf", silent, timeout=0.01), Check("one", well)])
    async with fail_after(5):
        deaf, one = (await checks.report()).results
    assert deaf.error == "no answer within 0.01 s"
    assert one.ok
    assert checks.patience == 0.5


async def test_an_error_about_time_within_a_check_is_told_as_what_it_is():
    async def late():
        raise TimeoutError("the database was slow")

    report = await Checks([Check("db", late)]).report()
    assert report.results[0].error == "TimeoutError: the database was slow"


async def test_a_check_may_also_just_say_no():
    async def no():
        return False

    assert (await Checks([Check("db", no)]).report()).results[0].error == "it says no"


async def test_checks_run_side_by_side():
    both = asyncio.Barrier(2)
    checks = Checks([Check("one", both.wait, timeout=5), Check("two", both.wait, timeout=5)])
    async with fail_after(5):
        assert (await checks.report()).ok


async def test_many_who_ask_are_answered_by_one_run():
    runs = 0
    go = asyncio.Event()

    async def counted():
        nonlocal runs
        runs += 1
        await go.wait()

    checks = Checks([Check("slow", counted, timeout=5)], fresh=60)
    async with fail_after(5):
        asking = [asyncio.create_task(checks.report()) for _ in range(100)]
        await asyncio.sleep(0)
        go.set()
        reports = await asyncio.gather(*asking)
        reports.append(await checks.report())
    assert runs == 1
    assert all(report.ok for report in reports)


async def test_a_check_has_its_own_time_and_not_that_of_who_asks():
    left = []

    async def look():
        left.append(current_deadline().remaining())

    async with fail_after(5):
        assert (await Checks([Check("slow", look, timeout=600)]).report()).ok
    assert left[0] > 5


async def test_what_is_no_longer_fresh_is_asked_again():
    answers = iter([True, False])

    async def ask():
        return next(answers)

    checks = Checks([Check("db", ask)], fresh=0.0)
    assert (await checks.report()).ok
    assert not (await checks.report()).ok


async def test_who_goes_away_takes_the_answer_from_nobody_else():
    go = asyncio.Event()
    checks = Checks([Check("slow", go.wait, timeout=5)])
    first, second = (asyncio.create_task(checks.report()) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    go.set()
    async with fail_after(5):
        assert (await second).ok
    assert first.cancelled()


async def test_what_began_to_fail_is_logged_once_and_so_is_its_end(caplog):
    caplog.set_level(logging.INFO, "kitfox.health")
    answers = iter([False, False, True, True])

    async def ask():
        return next(answers)

    checks = Checks([Check("db", ask)], fresh=0.0)
    for _ in range(4):
        await checks.report()
    assert caplog.messages == ["not ready: db: it says no", "db is well again"]


@pytest.mark.parametrize(("name", "timeout"), [("", 1), ("a\nb", 1), ("db", 0), ("db", -1)])
def test_a_check_has_a_name_and_a_time(name, timeout):
    with pytest.raises(ValueError, match="check"):
        Check(name, well, timeout)


def test_two_checks_of_one_name_are_refused():
    with pytest.raises(ValueError, match="two checks are called db"):
        Checks([Check("db", well), Check("db", broken)])


async def test_readiness_says_why_calls_are_not_taken():
    readiness = Readiness(Checks([Check("db", broken)]))
    assert (await readiness.report()).results == (Result("serving", "it is starting"),)
    assert not readiness.started
    readiness.set(ready=True)
    report = await readiness.report()
    assert [each.name for each in report.results if not each.ok] == ["db"]
    assert readiness()
    assert not await readiness.ask()
    readiness.set(ready=False)
    assert (await readiness.report()).results == (Result("serving", "it is stopping"),)
    assert readiness.started


async def test_while_a_required_link_is_down_calls_are_not_taken_and_nothing_else_is_asked():
    readiness = Readiness(Checks([Check("db", broken)]))
    readiness.set(ready=True)
    readiness.require(lambda: False)
    assert (await readiness.report()).results == (Result("serving", "it is connecting"),)
