"""Our ends of pipes, without commands: however the bytes come, the lines are the same."""

import asyncio
import os

from hypothesis import given, settings, strategies as st

from kitfox.exec import PipeReader, PipeWriter
from kitfox.scope import fail_after

PIECES = st.lists(st.text("ab\n\r", max_size=6).map(str.encode), max_size=12)


def pipe():
    source, target = os.pipe()
    return PipeReader(source), PipeWriter(target)


@settings(deadline=None)
@given(PIECES)
def test_lines_are_the_same_however_they_come(pieces):
    async def main():
        reader, writer = pipe()

        async def write():
            for piece in pieces:
                await writer.write(piece)
                await asyncio.sleep(0)
            await writer.aclose()

        async with fail_after(10), reader, asyncio.TaskGroup() as group:
            group.create_task(write())
            return [line async for line in reader.lines()]

    whole = b"".join(pieces)
    lines = whole.removesuffix(b"\n").split(b"\n") if whole else []
    assert asyncio.run(main()) == [line.removesuffix(b"\r").decode() for line in lines]


async def test_more_than_a_pipe_holds_waits_for_the_reader():
    reader, writer = pipe()
    data = os.urandom(1_000_000)
    async with fail_after(10), reader:
        writing = asyncio.create_task(writer.write(data))
        await asyncio.sleep(0)
        assert not writing.done()
        assert await reader.read(10) == data[:10]
        read = asyncio.create_task(reader.read_all())
        await writing
        await writer.aclose()
        assert await read == data[10:]


async def test_a_cancelled_read_loses_nothing():
    reader, writer = pipe()
    async with fail_after(10), reader, writer:
        reading = asyncio.create_task(reader.readline())
        await writer.write(b"half ")
        while not reading.done():
            await asyncio.sleep(0)
            reading.cancel()
        await writer.write(b"a line\n")
        assert await reader.readline() == b"half a line\n"
