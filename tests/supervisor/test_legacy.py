"""What one program leaves to the next."""

import os
from pathlib import Path

import pytest
from msgspec.structs import replace

from kitfox.app import load
from kitfox.supervisor import Legacy
from kitfox.supervisor._legacy import Child, Heard
from kitfox.supervisor._plan import Plan


@pytest.fixture
def child():
    heard = Heard(*os.pipe(), folder="ears/a")
    yield Child("a", 1, heard, 50.0, 9.0, beats=True, addresses=("http://[::1]:1",), services=())
    os.close(heard.pipe)
    os.close(heard.ear)


@pytest.fixture
def left(child):
    ends = os.pipe()
    found = Legacy(1, os.dup(ends[0]), ends, "ears", (child,))
    yield found
    for fd in (found.claim, *ends):
        os.close(fd)


def test_what_was_left_is_found_once_and_not_told_to_children(left):
    environ = left.leave({}, {"HOME": "/"})
    assert all(map(os.get_inheritable, left.descriptors))
    assert Legacy.find(environ) == left
    assert not any(map(os.get_inheritable, left.descriptors))
    assert Legacy.find(environ) is None


def test_what_makes_no_sense_is_told_before_anything_is_taken_over(left):
    environ = {name: '{"claim": 1}' for name in left.leave({}, {}) if "LEGACY" in name}
    with pytest.raises(ValueError, match="missing required field"):
        Legacy.read(environ)
    assert environ


def test_who_goes_on_has_the_times_that_it_began_with(left):
    plan = Plan(
        name="a", command=("a",), folder=Path(), ready_within=90.0, grace=45.0, silence=30.0
    )
    assert left.plan(plan) == replace(plan, grace=50.0, silence=9.0)
    assert left.plan(replace(plan, name="b")) == replace(plan, name="b")


def test_a_program_that_knows_a_process_no_longer_says_so(left):
    environ = left.leave({}, {})
    known, other = (
        load(f'[service.{name}]\nrun = "x:X"\n', {}, {}, Path("kitfox.toml")) for name in "ab"
    )
    Legacy.check(environ, known)
    with pytest.raises(ValueError, match=r"a runs, and .*kitfox\.toml no longer says so"):
        Legacy.check(environ, other)
    Legacy.check({}, other)
