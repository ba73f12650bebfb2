"""The little HTTP of probes: what is malformed is refused."""

from contextlib import suppress

import pytest
from hypothesis import given, strategies as st

from kitfox.health._probe_request import ProbeReply, ProbeRequest


def parse(*lines):
    return ProbeRequest.parse("\r\n".join([*lines, "", ""]).encode("latin-1"))


def test_a_request_is_its_verb_its_path_and_its_headers():
    request = parse("GET /readyz?verbose HTTP/1.1", "Host: localhost:9000", "X-Y:\t z ")
    assert request == ("GET", "/readyz", True, {"host": "localhost:9000", "x-y": "z"})


@pytest.mark.parametrize(
    ("path", "verbose"),
    [("/livez", False), ("/livez?verbose=1", True), ("/livez?a=b&verbose", True), ("/?v", False)],
)
def test_verbose_is_asked_for_in_the_query(path, verbose):
    assert parse(f"GET {path} HTTP/1.0").verbose is verbose


@pytest.mark.parametrize(
    "lines",
    [
        ["GET /livez HTTP/2.0"],
        ["GET livez HTTP/1.1"],
        ["get /livez HTTP/1.1"],
        ["GET  /livez HTTP/1.1"],
        ["GET /li\x00vez HTTP/1.1"],
        ["GET /livez HTTP/1.1", "host : a"],
        ["GET /livez HTTP/1.1", " folded"],
        ["GET /livez HTTP/1.1", "a: b\nc: d"],
        ["GET /livez HTTP/1.1", "host: a", "Host: b"],
        ["\x16\x03\x01 a TLS hello"],
        [""],
    ],
)
def test_what_is_malformed_is_refused(lines):
    with pytest.raises(ValueError, match=r"request|header"):
        parse(*lines)


@given(st.binary(max_size=200))
def test_no_bytes_do_more_than_to_be_refused(head):
    with suppress(ValueError):
        ProbeRequest.parse(head)


def test_a_reply_says_how_long_it_is_and_head_gets_no_body():
    reply = ProbeReply(503, "né", {"a": "b"})
    head, _, body = reply.format().partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
    assert b"\r\na: b" in head
    assert f"content-length: {len(body)}".encode() in head
    assert reply.format(body=False) == head + b"\r\n\r\n"
