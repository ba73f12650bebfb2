import asyncio
import os
import socket
import stat
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from kitfox.net import Heartbeat, Notifier, NotifySocket, parse_notification
from kitfox.net._notify import format_notification
from kitfox.scope import fail_after


@pytest.fixture
def listener(tmp_path):
    with NotifySocket(tmp_path) as listener:
        yield listener


async def heard(listener):
    async with fail_after(10):
        return await anext(listener)


async def test_what_a_process_tells_is_heard_with_its_pid(listener):
    notifier = Notifier.from_environ({"NOTIFY_SOCKET": listener.address})
    assert notifier.send(READY="1", X_ADDRESS="http://127.0.0.1:7700")
    told = await heard(listener)
    assert told.fields == {"READY": "1", "X_ADDRESS": "http://127.0.0.1:7700"}
    assert told.pid == (os.getpid() if sys.platform == "linux" else None)


_CHILD = """
import os
from kitfox.net import Notifier
Notifier.from_environ(os.environ).send(STATUS="here I am")
"""


async def test_another_process_is_heard_while_the_listener_waits(listener):
    waiting = asyncio.create_task(heard(listener))
    await asyncio.sleep(0)
    child = subprocess.Popen(
        [sys.executable, "-c", _CHILD], env={**os.environ, "NOTIFY_SOCKET": listener.address}
    )
    told = await waiting
    assert await asyncio.to_thread(child.wait, 10) == 0
    assert (told.pid, told.fields) == (child.pid, {"STATUS": "here I am"})


async def test_notifications_are_heard_in_order(listener):
    notifier = Notifier(listener.address)
    for number in range(10):
        assert notifier.send(STATUS=str(number))
    assert [(await heard(listener)).fields["STATUS"] for _ in range(10)] == list("0123456789")


async def test_a_malformed_notification_is_dropped_and_the_next_is_heard(listener):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        for nonsense in (b"", b"\xff", b"no equals", b"=1", b"lower=1", b"A=" + b"x" * 9000):
            sender.sendto(nonsense, listener.address)
    Notifier(listener.address).send(READY="1")
    assert (await heard(listener)).fields == {"READY": "1"}


async def test_a_listener_that_is_cancelled_listens_again(listener):
    waiting = asyncio.create_task(heard(listener))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.wait({waiting})
    Notifier(listener.address).send(READY="1")
    assert (await heard(listener)).fields == {"READY": "1"}


def test_only_its_user_may_tell_a_listener_anything(listener):
    assert stat.S_IMODE(Path(listener.address).stat().st_mode) == 0o600


def test_a_closed_listener_leaves_no_file(tmp_path):
    NotifySocket(tmp_path).close()
    assert list(tmp_path.iterdir()) == []


def test_a_listener_takes_the_place_of_one_that_died(tmp_path):
    (tmp_path / "notify").touch()
    with NotifySocket(tmp_path) as listener:
        assert Notifier(listener.address).send(READY="1")


async def test_what_is_said_while_one_program_follows_another_is_heard(tmp_path):
    left = NotifySocket(tmp_path)
    fd = os.dup(left.fd)
    Notifier(left.address).send(READY="1")
    with NotifySocket(tmp_path, fd) as listener:
        assert listener.address == left.address
        assert (await heard(listener)).fields == {"READY": "1"}
        assert not os.get_inheritable(listener.fd)
    left.close()


def test_nothing_is_sent_when_nobody_listens():
    notifier = Notifier.from_environ({})
    assert not notifier.send(READY="1")


def test_a_listener_that_is_gone_does_no_harm(tmp_path):
    assert not Notifier(f"{tmp_path}/gone").send(READY="1")


def test_an_overwhelmed_listener_does_not_block_the_sender(listener):
    notifier = Notifier(listener.address)
    assert not all(notifier.send(STATUS="x" * 4000) for _ in range(10_000))


@pytest.mark.skipif(sys.platform != "linux", reason="the abstract namespace is Linux's")
def test_an_abstract_socket_is_reached():
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(f"\0kitfox-test-{os.getpid()}")
        receiver.settimeout(5)
        assert Notifier.from_environ({"NOTIFY_SOCKET": f"@kitfox-test-{os.getpid()}"}).send(A="1")
        assert receiver.recv(100) == b"A=1"


def test_a_senseless_address_is_refused():
    with pytest.raises(ValueError, match="NOTIFY_SOCKET is 'vsock:2'"):
        Notifier.from_environ({"NOTIFY_SOCKET": "vsock:2"})


@pytest.mark.parametrize("fields", [{"lower": "1"}, {"": "1"}, {"A": "two\nlines"}, {"A=B": "1"}])
def test_a_field_that_could_not_be_read_back_is_refused(fields):
    with pytest.raises(ValueError, match="notification field"):
        Notifier(None).send(**fields)


_names = st.from_regex(r"[A-Z][A-Z0-9_]{0,20}", fullmatch=True)
_values = st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]), max_size=50)


@given(fields=st.dictionaries(_names, _values, min_size=1, max_size=10))
def test_a_notification_is_read_as_it_was_written(fields):
    assert parse_notification(format_notification(fields)) == fields


@given(data=st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_with_a_value_error(data):
    with suppress(ValueError):
        assert all(parse_notification(data))


def test_the_last_of_two_equal_names_counts_and_an_end_of_line_is_no_line():
    assert parse_notification(b"A=1\nA=2\n") == {"A": "2"}


def test_too_many_lines_are_refused():
    with pytest.raises(ValueError, match="over 64 lines"):
        parse_notification(b"A=1\n" * 65)


# ----------------------------------------------------------------------------------- heartbeats


async def test_a_loop_that_turns_says_so_until_nobody_wants_to_know(listener):
    asked = {"WATCHDOG_USEC": "2000", "WATCHDOG_PID": str(os.getpid())}
    with Heartbeat.from_environ(Notifier(listener.address), asked, os.getpid()):
        assert [(await heard(listener)).fields for _ in range(3)] == [{"WATCHDOG": "1"}] * 3
    Notifier(listener.address).send(STATUS="the last word")
    while (told := await heard(listener)).fields == {"WATCHDOG": "1"}:
        pass
    assert told.fields == {"STATUS": "the last word"}


@pytest.mark.parametrize("asked", [{}, {"WATCHDOG_USEC": "2000", "WATCHDOG_PID": "1"}])
async def test_who_is_not_asked_for_heartbeats_says_nothing(listener, asked):
    notifier = Notifier(listener.address)
    with Heartbeat.from_environ(notifier, asked, os.getpid()):
        notifier.send(STATUS="the only word")
        assert (await heard(listener)).fields == {"STATUS": "the only word"}


@pytest.mark.parametrize("text", ["0", "-1", "2s", "²", "1.5"])
def test_a_watchdog_that_makes_no_sense_is_refused_in_words(text):
    with pytest.raises(ValueError, match=r"WATCHDOG_USEC is .*: expected a whole number above 0"):
        Heartbeat.from_environ(Notifier(None), {"WATCHDOG_USEC": text}, 1)
