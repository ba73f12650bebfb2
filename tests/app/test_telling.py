"""What a process says of itself, and what it keeps to itself."""

import pytest

from kitfox.app import Telling
from kitfox.net import Notifier, NotifySocket
from kitfox.scope import fail_after


@pytest.fixture
def ear(tmp_path):
    with NotifySocket(tmp_path) as ear:
        yield ear


@pytest.fixture
def reloads():
    return []


@pytest.fixture
def telling(ear, reloads):
    return Telling(Notifier(ear.address), lambda: reloads.append("read"))


async def heard(ear, count):
    async with fail_after(10):
        return [dict((await anext(ear)).fields) for _ in range(count)]


async def test_a_process_that_serves_says_when_it_reads_its_configuration(ear, telling, reloads):
    telling.ready(["http://127.0.0.1:8080", "rpc://127.0.0.1:7070"])
    telling.reload()
    ready, reloading, again = await heard(ear, 3)
    assert ready == {"READY": "1", "X_ADDRESS": "http://127.0.0.1:8080 rpc://127.0.0.1:7070"}
    assert reloading.keys() == {"RELOADING", "MONOTONIC_USEC"}
    assert int(reloading["MONOTONIC_USEC"]) > 0
    assert again == {"READY": "1"}
    assert reloads == ["read"]


async def test_one_that_does_not_serve_reads_it_without_a_word(ear, telling, reloads):
    telling.reload()
    telling.ready([])
    telling.stopping()
    telling.reload()
    telling.stopping()
    told = await heard(ear, 3)
    assert told[0] == {"READY": "1"}
    assert [next(iter(each)) for each in told] == ["READY", "STOPPING", "STOPPING"]
    assert reloads == ["read", "read"]
