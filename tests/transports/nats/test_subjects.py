"""What the ends of a call read from subjects and bodies: whatever may come."""

from contextlib import suppress

import pytest
from hypothesis import given, strategies as st

from kitfox.multiplex import BadFrame
from kitfox.transports.nats._message import Message, size_of
from kitfox.transports.nats._subjects import Spoken, path_of, service_of, spoken, subject_of
from kitfox.transports.nats._words import following, read_credit, read_running, write_running


def test_a_method_and_its_subject_name_each_other():
    assert subject_of("/acme.v1.Users/Get") == "acme.v1.Users.Get"
    assert path_of("acme.v1.Users.Get") == "/acme.v1.Users/Get"
    assert service_of("/acme.v1.Users/Get") == "acme.v1.Users"


@pytest.mark.parametrize(
    ("tail", "said"),
    [
        ("7", Spoken(7)),
        ("7.credit", Spoken(7, "credit")),
        ("7.item.3", Spoken(7, "item", 3)),
        ("running", Spoken(0, "running")),
        ("7.item.x", None),
        ("7.item.3.4", None),
        ("running.7", None),
        ("²", Spoken(0, "²")),
    ],
)
def test_a_subject_says_what_is_meant(tail, said):
    assert spoken(tail) == said


@given(st.text())
def test_no_subject_is_too_strange(tail):
    said = spoken(tail)
    assert said is None or said.call >= 0


@given(st.lists(st.integers(0, 10**18 - 1)))
def test_the_calls_that_run_are_read_as_they_were_written(calls):
    assert read_running(write_running(calls)) == calls


@given(st.binary())
def test_no_body_is_too_strange(body):
    assert all(call >= 0 for call in read_running(body))
    with suppress(BadFrame):
        assert read_credit(body) >= 0


@given(st.lists(st.integers(0, 3)))
def test_a_stream_is_whole_or_breaks(positions):
    expected = 0
    for position in positions:
        if position != expected:
            with pytest.raises(BadFrame):
                following(position, expected)
            return
        expected = following(position, expected)
    assert positions == list(range(len(positions)))


def test_headers_take_as_much_as_nats_counts():
    message = Message("a", headers={"Key": "value"})
    assert size_of(message.headers) == len("NATS/1.0\r\nKey: value\r\n\r\n")
    assert size_of(None) == 0
