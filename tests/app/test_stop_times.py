"""Who stops a service knows how long that may take."""

import inspect
from datetime import timedelta
from pathlib import Path

import pytest

from kitfox.app import Group, ServiceConfig, System, groups, load, notice_of
from kitfox.app._stop_times import NOTICE, TO_FINISH
from kitfox.transports.grpc import GRPC
from kitfox.transports.http import HTTP
from kitfox.transports.msgpack import RPC
from kitfox.transports.nats import NATS


def grace(**service: object) -> float:
    return Group({"desk": ServiceConfig(run="desk:Desk", **service)}, System()).grace


@pytest.mark.parametrize("listener", [HTTP, RPC, GRPC, NATS])
def test_what_runs_has_the_time_that_listeners_give_it(listener: type):
    assert inspect.signature(listener).parameters["grace"].default == TO_FINISH


def test_whom_only_this_machine_reaches_serves_on_for_less_unless_it_says_otherwise():
    here, elsewhere = "http://127.0.0.1:80", "rpc://0.0.0.0:70"
    assert notice_of(ServiceConfig(run="desk:Desk", listen=(here,))) < NOTICE
    assert notice_of(ServiceConfig(run="desk:Desk", listen=(here, elsewhere))) == NOTICE
    said = ServiceConfig(run="desk:Desk", listen=(here,), notice=timedelta(seconds=9.5))
    assert notice_of(said) == 9.5


def test_who_serves_on_for_longer_may_take_longer():
    assert grace() == 45.0
    assert grace(notice=timedelta(seconds=9.5)) == 51.5
    assert grace(notice=timedelta(0)) == 42.0


def test_services_in_one_process_stop_one_after_the_other():
    text = '[service.{0}]\nrun = "{0}:Desk"\nnotice = "{1}s"\n'
    text = "[system]\nname = 'shop'\ntogether = true\n" + text.format("a", 1) + text.format("b", 5)
    assert groups(load(text, {}, {}, Path("kitfox.toml")))["shop"].grace == 90.0


def test_a_process_may_be_silent_for_some_failures_of_its_probe():
    text = '[service.a]\nrun = "a:A"\nhealth.dead_after = "2s"\n[service.b]\nrun = "b:B"\n'
    found = groups(load(text, {}, {}, Path("kitfox.toml")))
    assert [group.silence for group in found.values()] == [6.0, 30.0]
