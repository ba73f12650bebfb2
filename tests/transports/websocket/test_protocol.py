"""The hard cases of RFC 6455, section by section of the Autobahn test suite, on an echo server."""

import struct

import pytest

CONT, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10

GREETING = "Hello-µ@ßöäüàá-UTF-8!!".encode()
SIZES = [0, 1, 125, 126, 127, 128, 65535, 65536, 100_000]


def code(number, reason=b""):
    return struct.pack("!H", number) + reason


# 1 and 9: framing, messages of all sizes


@pytest.mark.parametrize("opcode", [TEXT, BINARY])
@pytest.mark.parametrize("size", SIZES)
async def test_a_message_of_any_size_comes_back(client, opcode, size):
    data = b"*" * size if opcode == TEXT else b"\xfe" * size
    client.send(opcode, data)
    assert await client.read() == (opcode, data)


async def test_a_message_that_comes_byte_by_byte_comes_back(client):
    for byte in client.frame(TEXT, GREETING):
        client.write(bytes([byte]))
        await client.writer.drain()
    assert await client.read() == (TEXT, GREETING)


async def test_a_megabyte_in_small_fragments_comes_back(client):
    data = b"x" * (1 << 20)
    frames = [
        client.frame(CONT if at else BINARY, data[at : at + 4096], fin=at + 4096 >= len(data))
        for at in range(0, len(data), 4096)
    ]
    client.write(b"".join(frames))
    assert await client.read() == (BINARY, data)


async def test_many_messages_in_one_segment_come_back_in_order(client):
    client.write(b"".join(client.frame(TEXT, b"%d" % n) for n in range(500)))
    assert [await client.read() for _ in range(500)] == [(TEXT, b"%d" % n) for n in range(500)]


# 2: pings and pongs


@pytest.mark.parametrize("data", [b"", b"Hello, world!", b"\x00\xff\xfe\xfd", b"\xfe" * 125])
async def test_a_ping_is_answered_with_what_it_says(client, data):
    client.send(PING, data)
    assert await client.read() == (PONG, data)


async def test_ten_pings_are_answered_in_order(client):
    client.write(b"".join(client.frame(PING, b"%d" % n) for n in range(10)))
    assert [await client.read() for _ in range(10)] == [(PONG, b"%d" % n) for n in range(10)]


async def test_a_pong_that_nobody_asked_for_is_ignored(client):
    client.send(PONG, b"unsolicited")
    client.send(PING, b"asked")
    assert await client.read() == (PONG, b"asked")


@pytest.mark.parametrize("opcode", [CLOSE, PING, PONG])
async def test_a_control_frame_of_126_bytes_breaks_the_protocol(client, opcode):
    client.send(opcode, b"\xfe" * 126)
    assert await client.closing() == 1002


# 3 and 4: reserved bits and opcodes


@pytest.mark.parametrize("rsv", range(1, 8))
@pytest.mark.parametrize("opcode", [TEXT, BINARY, PING, CLOSE])
async def test_a_reserved_bit_breaks_the_protocol(client, rsv, opcode):
    client.send(TEXT, b"before")
    client.send(opcode, b"", rsv=rsv)
    assert await client.failure() == 1002


@pytest.mark.parametrize("opcode", [3, 4, 5, 6, 7, 11, 12, 13, 14, 15])
async def test_a_reserved_opcode_breaks_the_protocol(client, opcode):
    client.send(opcode, b"x")
    assert await client.closing() == 1002


async def test_a_frame_without_mask_breaks_the_protocol(client):
    client.send(TEXT, b"plain", mask=False)
    assert await client.closing() == 1002


# 5: fragmentation


@pytest.mark.parametrize("opcode", [PING, PONG, CLOSE])
async def test_a_control_frame_in_fragments_breaks_the_protocol(client, opcode):
    client.send(opcode, b"frag", fin=False)
    client.send(CONT, b"ment")
    assert await client.closing() == 1002


@pytest.mark.parametrize("opcode", [TEXT, BINARY])
async def test_a_message_in_fragments_comes_back_whole(client, opcode):
    client.send(opcode, b"frag", fin=False)
    client.send(CONT, b"", fin=False)
    client.send(CONT, b"ment", fin=False)
    client.send(CONT, b"ed")
    assert await client.read() == (opcode, b"fragmented")


async def test_a_ping_between_fragments_is_answered_before_the_message(client):
    client.send(TEXT, b"frag", fin=False)
    client.send(PING, b"now")
    assert await client.read() == (PONG, b"now")
    client.send(CONT, b"ment")
    assert await client.read() == (TEXT, b"fragment")


@pytest.mark.parametrize("fin", [True, False])
async def test_a_continuation_of_nothing_breaks_the_protocol(client, fin):
    client.send(CONT, b"of nothing", fin=fin)
    assert await client.closing() == 1002


async def test_a_message_within_another_breaks_the_protocol(client):
    client.send(TEXT, b"first", fin=False)
    client.send(TEXT, b"second")
    assert await client.closing() == 1002


# 6: UTF-8


@pytest.mark.parametrize(
    "text", [GREETING, "κόσμε".encode(), b"\xf4\x8f\xbf\xbf", b"\xef\xbf\xbf", b"\x00", b"\x7f"]
)
async def test_utf_8_comes_back_wherever_it_was_cut(client, text):
    for at in range(len(text) + 1):
        client.send(TEXT, text[:at], fin=False)
        client.send(CONT, text[at:])
        assert await client.read() == (TEXT, text)


@pytest.mark.parametrize(
    "flaw",
    [
        b"\xed\xa0\x80",  # half of a surrogate pair
        b"\xf4\x90\x80\x80",  # beyond the last code point
        b"\xc0\xaf",  # longer than need be
        b"\xe0\x80\xaf",
        b"\xfe",
        b"\x80",
        b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce",  # cut off
        b"\xf8\x88\x80\x80\x80",
    ],
)
async def test_a_text_that_is_not_utf_8_closes(client, flaw):
    client.send(TEXT, flaw)
    assert await client.closing() == 1007


async def test_invalid_utf_8_fails_fast_before_the_message_is_complete(client):
    client.send(TEXT, "κόσμε".encode() + b"\xf4", fin=False)
    client.send(CONT, b"\x90", fin=False)  # no fragment that follows could mend it
    assert await client.closing() == 1007


async def test_a_code_point_cut_at_the_end_of_the_message_closes(client):
    client.send(TEXT, b"\xce", fin=False)
    client.send(CONT, b"")
    assert await client.closing() == 1007


async def test_binary_messages_need_not_be_utf_8(client):
    client.send(BINARY, b"\xff", fin=False)
    client.send(CONT, b"\xfe")
    assert await client.read() == (BINARY, b"\xff\xfe")


# 7: closing


@pytest.mark.parametrize(
    "number", [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 4999]
)
async def test_a_close_is_answered_with_its_code(client, number):
    client.send(CLOSE, code(number, "bye µ".encode()))
    assert await client.closing() == number


async def test_a_close_amid_a_message_is_answered_and_the_message_forgotten(client):
    client.send(TEXT, b"frag", fin=False)
    client.send(CLOSE, code(1000))
    client.send(CONT, b"ment")
    assert await client.closing() == 1000


async def test_a_close_without_a_code_is_answered_without_one(client):
    client.send(CLOSE)
    assert await client.closing() is None


@pytest.mark.parametrize("number", [0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999, 5000, 65535])
async def test_a_close_with_a_code_that_must_not_be_sent_breaks_the_protocol(client, number):
    client.send(CLOSE, code(number))
    assert await client.closing() == 1002


async def test_a_close_of_one_byte_breaks_the_protocol(client):
    client.send(CLOSE, b"\x03")
    assert await client.closing() == 1002


async def test_a_close_whose_reason_is_not_utf_8_closes(client):
    client.send(CLOSE, code(1000, b"\xce\xba\xf4"))
    assert await client.closing() == 1007


async def test_what_follows_a_close_is_not_heard(client):
    client.write(client.frame(CLOSE, code(1000)) + client.frame(PING, b"?") + client.frame(TEXT))
    assert await client.closing() == 1000


async def test_a_message_before_the_close_comes_back_first(client):
    client.send(TEXT, b"last words")
    assert await client.read() == (TEXT, b"last words")
    client.send(CLOSE, code(1000))
    assert await client.closing() == 1000


# 10: automatic fragmentation; and 12 and 13, compression, which is off


async def test_a_large_message_comes_back_in_one_frame(client):
    client.send(TEXT, b"*" * 65536)
    assert await client.read() == (TEXT, b"*" * 65536)


async def test_compression_is_not_negotiated(serving, raw):
    offer = "sec-websocket-extensions: permessage-deflate; client_max_window_bits"
    async with serving() as url, raw(f"{url}/echo", offer) as client:
        assert client.status == 101
        assert "sec-websocket-extensions" not in client.headers
