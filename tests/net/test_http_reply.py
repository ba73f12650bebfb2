"""The parser of replies, fed without any socket."""

from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from kitfox.net._errors import BadReply, ReplyTooLarge
from kitfox.net._http_reply import ReplyParser


def parse(*pieces, bodyless=False, body_bytes=1000, head_bytes=1000):
    parser = ReplyParser(head_bytes)
    parser.expect(bodyless=bodyless, body_bytes=body_bytes)
    for piece in pieces:
        parser.feed(piece)
    return parser


def body(parser):
    return b"".join(parser.body)


CHUNKED = (
    b"HTTP/1.1 100 Continue\r\n\r\n"
    b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
    b"HTTP/1.1 201 Created\r\nX-One: 1\r\nx-Two: two words\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"5;ext=1\r\nhello\r\n1\r\n \r\nA\r\nworld, all\r\n0\r\nX-Trailer: t\r\n\r\n"
)


@given(cuts=st.lists(st.integers(0, len(CHUNKED)), max_size=8))
def test_a_chunked_reply_is_the_same_however_it_is_cut(cuts):
    edges = [0, *sorted(cuts), len(CHUNKED)]
    parser = parse(*[CHUNKED[a:b] for a, b in pairwise(edges) if a < b])
    assert (parser.complete, parser.reusable, parser.status) == (True, True, 201)
    assert parser.headers == [
        (b"x-one", b"1"),
        (b"x-two", b"two words"),
        (b"transfer-encoding", b"chunked"),
    ]
    assert body(parser) == b"hello world, all"


def test_a_chunked_reply_survives_being_cut_at_every_byte():
    for cut in range(1, len(CHUNKED)):
        assert body(parse(CHUNKED[:cut], CHUNKED[cut:])) == b"hello world, all"
    assert body(parse(*[bytes([byte]) for byte in CHUNKED])) == b"hello world, all"


@pytest.mark.parametrize("status", [b"204 No Content", b"304 Not Modified"])
def test_a_reply_without_body_ends_with_its_head(status):
    parser = parse(b"HTTP/1.1 " + status + b"\r\ncontent-length: 9\r\n\r\n")
    assert parser.complete
    assert parser.reusable
    assert body(parser) == b""


def test_a_reply_to_head_has_no_body_and_the_next_reply_is_read_afresh():
    parser = parse(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n", bodyless=True)
    assert parser.complete
    assert parser.reusable
    parser.expect(bodyless=False, body_bytes=10)
    parser.feed(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
    assert (parser.complete, body(parser)) == (True, b"ok")


def test_a_body_after_a_reply_to_head_is_surplus():
    parser = parse(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello", bodyless=True)
    assert parser.complete
    assert not parser.reusable
    assert body(parser) == b""


@pytest.mark.parametrize("surplus", [b"5\r\n", b"5\r\nhello\r\n", b"0\r\n\r\n"])
def test_chunks_after_a_reply_to_head_are_surplus(surplus):
    head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
    parser = parse(head + surplus, bodyless=True)
    assert (parser.complete, parser.reusable, body(parser)) == (True, False, b"")
    assert parse(head, bodyless=True).reusable


@pytest.mark.parametrize("status", [b"204 No Content", b"304 Not Modified"])
@pytest.mark.parametrize(
    ("framing", "surplus"),
    [(b"content-length: 2", b"ok"), (b"transfer-encoding: chunked", b"0\r\n\r\n")],
)
def test_a_body_after_a_reply_that_has_none_is_surplus(status, framing, surplus):
    parser = parse(b"HTTP/1.1 " + status + b"\r\n" + framing + b"\r\n\r\n" + surplus)
    assert (parser.complete, parser.reusable, body(parser)) == (True, False, b"")


def test_empty_lines_after_a_reply_change_nothing_in_the_next():
    parser = parse(b"HTTP/1.1 204 No\r\n\r\n\r\n\r\n")
    parser.expect(bodyless=False, body_bytes=10)
    assert not parser.complete
    parser.feed(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
    assert (parser.complete, parser.reusable, body(parser)) == (True, True, b"ok")


@pytest.mark.parametrize("surplus", [b"H", b"garbage", b"HTTP/1.1 500 Oh\r\nx: y\r\n\r\n"])
def test_what_follows_a_reply_spoils_the_connection_but_not_the_reply(surplus):
    parser = parse(b"HTTP/1.1 200 OK\r\na: b\r\ncontent-length: 2\r\n\r\nok" + surplus)
    assert (parser.status, parser.complete, parser.reusable) == (200, True, False)
    assert parser.headers == [(b"a", b"b"), (b"content-length", b"2")]
    assert body(parser) == b"ok"


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok",
        b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok",
    ],
)
def test_a_peer_that_will_close_is_believed(head):
    parser = parse(head)
    assert parser.complete
    assert not parser.reusable


def test_a_body_without_length_ends_with_the_connection():
    parser = parse(b"HTTP/1.1 200 OK\r\n\r\nall ", b"of it")
    assert not parser.complete
    assert parser.feed_eof()
    assert parser.complete
    assert not parser.reusable
    assert body(parser) == b"all of it"


@pytest.mark.parametrize(
    "cut_short",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nx: y\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: xchunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    ],
)
def test_a_reply_cut_short_is_not_complete(cut_short):
    parser = parse(cut_short) if cut_short else parse()
    assert not parser.feed_eof()
    assert not parser.complete


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (b"SSH-2.0-OpenSSH\r\n", "Expected HTTP/"),
        (b"HTTP/1.1 99 Odd\r\n\r\n", "status"),
        (b"HTTP/1.1 000 Odd\r\n\r\n", "status"),
        (b"HTTP/1.1 1000 Odd\r\n\r\n", "status"),
        (b"HTTP/3.1 200 OK\r\n\r\n", "version"),
        (b"GET / HTTP/1.1\r\nhost: h\r\n\r\n", "Expected HTTP/"),
        (b"HTTP/1.1 200 OK\ncontent-length: 0\n\n", "CR"),
        (b"HTTP/1.1 200 OK\r\na: b\0c\r\n\r\n", "header value"),
        (b"HTTP/1.1 200 OK\r\na: b\rc: d\r\n\r\n", "LF after header"),
        (b"HTTP/1.1 200 OK\r\ncontent-length : 2\r\n\r\n", "header field"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: +2\r\n\r\n", "Content-Length"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 2, 2\r\n\r\n", "Content-Length"),
        (b"HTTP/1.1 100 Go\r\ncontent-length: 5\r\n\r\nhello", "Expected HTTP/"),
        (
            b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n",
            "Content-Length",
        ),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n-1\r\n", "chunk size"),
        (
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
            "overflow",
        ),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nokX\r\n", "LF"),
        (b"HTTP/1.1 101 Switching\r\n\r\n", "Upgrade"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n", "Content-Length"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 2\r\n\r\n", "Content-Length"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n", "Content-Length"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999999\r\n\r\n", "overflow"),
        (
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ncontent-length: 2\r\n\r\n",
            "Content-Length",
        ),
        (b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "header"),
        (b"HTTP/1.1 200 OK\r\na: b\r\n folded\r\n\r\n", "whitespace"),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n", "chunk size"),
        (b"HTTP/1.1 101 Switching\r\nupgrade: h2c\r\nconnection: upgrade\r\n\r\n", "switches"),
    ],
)
def test_what_is_not_a_reply_is_refused_with_the_reason(reply, why):
    with pytest.raises(BadReply, match=why):
        parse(reply)


def test_a_head_over_its_limit_is_refused_in_one_piece_and_in_many():
    head = b"HTTP/1.1 200 OK\r\nx: " + b"y" * 1000 + b"\r\n\r\n"
    with pytest.raises(ReplyTooLarge, match="head is over 1000 bytes"):
        parse(head)
    with pytest.raises(ReplyTooLarge, match="head"):
        parse(*[bytes([byte]) for byte in head])


@pytest.mark.parametrize(
    "endless",
    [
        b"HTTP/1.1 200 OK\r\nname-without-end" + b"e" * 1000,
        b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 200,
        b"HTTP/1.1 103 Early\r\n\r\n" * 60,
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n" + b"t: v\r\n" * 200,
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1;" + b"x" * 1200,
    ],
)
def test_an_endless_head_is_refused(endless):
    with pytest.raises(ReplyTooLarge, match="head"):
        parse(*[endless[at : at + 100] for at in range(0, len(endless), 100)])


def test_a_small_head_with_a_large_body_in_one_piece_is_taken():
    data = b"HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n" + b"x" * 5000
    assert len(body(parse(data, body_bytes=5000))) == 5000


def test_a_body_over_its_limit_is_refused_before_it_is_whole():
    data = b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n" + b"x" * 11
    with pytest.raises(ReplyTooLarge, match="body"):
        parse(data, body_bytes=10)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [(b"timeout=5", 5), (b"max=9, Timeout=7", 7), (b"timeout=x", None), (b"", None)],
)
def test_the_time_a_peer_keeps_connections_is_read(value, seconds):
    parser = parse(b"HTTP/1.1 204 No\r\nkeep-alive: " + value + b"\r\n\r\n")
    assert parser.keep_alive_seconds() == seconds
