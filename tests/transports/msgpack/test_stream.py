"""A stream on a transport that only remembers."""

import asyncio
from itertools import chain, repeat

import pytest

from kitfox import fail_after
from kitfox.multiplex import Cancel, Credit, Item, KeepAlive, Refused
from kitfox.transports.msgpack._framing import Framing
from kitfox.transports.msgpack._stream import Stream


class Transport:
    """Keeps what it is told."""

    def __init__(self):
        self.written = []
        self.taken = iter(())  # how many bytes have gone out, each time that somebody asks
        self.aborted = self.closed = False

    def get_extra_info(self, name, default=None):
        return ("::1", 7, 0, 0) if name == "peername" else default

    def write(self, data):
        self.written.append(data)

    def is_closing(self):
        return self.closed or self.aborted

    def get_write_buffer_size(self):
        return sum(map(len, self.written)) - next(self.taken)

    def close(self):
        self.closed = True

    def abort(self):
        self.aborted = True


@pytest.fixture
def transport():
    return Transport()


@pytest.fixture
async def stream(transport):
    """A stream that stands, and attaches nothing."""
    stream = Stream(lambda _: None, message_limit=1000, keep_alive=KeepAlive())
    stream.connection_made(transport)
    yield stream
    if not stream.lost:
        stream.connection_lost(None)


async def turn():
    await asyncio.sleep(0)


async def test_what_is_sent_in_one_turn_is_written_in_one_piece(stream, transport):
    sent = [Item(1, b"a"), Credit(2, 8), Cancel(3)]
    for frame in sent:
        stream.send(frame)
    assert transport.written == []
    await turn()
    (piece,) = transport.written
    assert list(Framing(1000).feed(piece)) == sent
    stream.send(Refused(4))
    await turn()
    assert len(transport.written) == 2


async def test_a_sender_waits_while_the_transport_takes_no_more(stream):
    await stream.writable()
    stream.pause_writing()
    waiting = [asyncio.create_task(stream.writable()) for _ in range(2)]
    await turn()
    waiting[0].cancel()  # one that gives up does not wake the other
    await turn()
    assert not waiting[1].done()
    stream.resume_writing()
    await waiting[1]


async def test_a_sender_that_waits_goes_on_when_the_connection_is_lost(stream):
    stream.pause_writing()
    waiting = asyncio.create_task(stream.writable())
    await turn()
    stream.connection_lost(None)
    await waiting


async def test_a_peer_that_takes_what_waits_for_it_is_there_though_it_says_nothing(transport):
    """What it is asked waits behind that, and so does its answer."""
    impatient = KeepAlive(quiet=0.01, patience=0.01)
    stream = Stream(lambda _: None, message_limit=1000, keep_alive=impatient)
    stream.connection_made(transport)
    transport.taken = chain(range(10, 50, 10), repeat(50))
    stream.send(Item(1, bytes(100)))
    stream.pause_writing()
    async with fail_after(10):
        while not transport.aborted:
            await asyncio.sleep(0.005)
    assert next(transport.taken) == 50  # it was not given up while that grew
    stream.connection_lost(None)


async def test_closing_writes_what_was_sent_first(stream, transport):
    stream.send(Cancel(1))
    stream.close()
    assert len(transport.written) == 1
    assert transport.closed
    stream.send(Cancel(2))
    await turn()
    assert len(transport.written) == 1


async def test_a_frame_that_nobody_takes_ends_the_connection(stream, transport):
    stream.data_received(b"\x92\x06\x01")
    assert transport.aborted


async def test_a_handler_sees_frames_in_their_order(stream):
    seen = []
    stream.attach({Cancel: seen.append, Credit: seen.append}, lambda _: None)
    stream.data_received(b"\x92\x06\x01\x93\x05\x02\x08\x92\x06")
    stream.data_received(b"\x03")
    assert seen == [Cancel(1), Credit(2, 8), Cancel(3)]


async def test_the_reason_of_a_loss_is_told_once(stream):
    why = []
    stream.attach({}, why.append)
    stream.connection_lost(ConnectionResetError("reset by peer"))
    assert why == ["reset by peer"]


async def test_a_peer_has_the_address_that_it_came_from(stream):
    assert stream.peer == "[::1]:7"
