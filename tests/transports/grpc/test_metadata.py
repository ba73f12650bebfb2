"""Metadata as gRPC carries it."""

from base64 import b64encode

import pytest
from hypothesis import given, strategies as st

from kitfox import InvalidArgument
from kitfox.core import Metadata
from kitfox.transports.grpc._metadata import reply_pairs, request_pairs, take_metadata

OF_GRPCS_OWN = ("grpc-timeout", "content-type", "te", "user-agent", "grpc-status-details-bin")


@given(st.dictionaries(st.from_regex(r"x-[a-z0-9]{1,9}-bin", fullmatch=True), st.binary()))
def test_bytes_travel_as_bytes_and_come_back_as_base64(values):
    metadata = Metadata({key: b64encode(value).decode() for key, value in values.items()})
    pairs = request_pairs(metadata)
    assert dict(pairs) == values
    take_metadata(back := Metadata(), pairs)
    assert dict(back) == dict(metadata)


def test_base64_without_its_padding_is_understood():
    assert request_pairs(Metadata({"a-bin": "AAE"})) == [("a-bin", b"\0\1")]


@pytest.mark.parametrize("key", OF_GRPCS_OWN)
def test_a_key_of_grpcs_own_is_refused_in_a_request_and_left_out_of_a_reply(key, caplog):
    metadata = Metadata({key: "AAEC", "x-mine": "1"})
    with pytest.raises(InvalidArgument, match=key):
        request_pairs(metadata)
    assert reply_pairs(metadata) == [("x-mine", "1")]
    assert key in caplog.text


def test_bytes_that_are_not_base64_are_refused_in_a_request_and_left_out_of_a_reply(caplog):
    metadata = Metadata({"x-bin": "no base64!", "x-mine": "1"})
    with pytest.raises(InvalidArgument, match="'x-bin': expected base64"):
        request_pairs(metadata)
    assert reply_pairs(metadata) == [("x-mine", "1")]
    assert "x-bin" in caplog.text


def test_what_metadata_cannot_hold_is_left_out_of_what_a_peer_says():
    take_metadata(taken := Metadata(), [(":path", "/"), ("x y", "1"), ("x", "ü"), ("y", "1")])
    assert dict(taken) == {"y": "1"}
    take_metadata(taken, None)
