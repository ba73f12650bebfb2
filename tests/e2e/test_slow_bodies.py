"""Bodies that do not come are waited for by nobody else."""

import asyncio
from contextlib import AsyncExitStack

from kitfox.scope import fail_after

OPEN = 200
HALVES = {
    "/students/1/grades": ('{"Title": "Half a grade", ', '"Type": "Quiz", "Score": 50}', 201),
    "/school.Grading/AddGrade": (
        '{"student": 1, "title": "Half a call", ',
        '"type": "Quiz", "score": 50}',
        200,
    ),
}


class HalfSent:
    """A POST of which only the first half was sent."""

    def __init__(self, path: str, reader, writer) -> None:
        self._path = path
        self._writer = writer
        self._answer = asyncio.create_task(reader.readline())

    @classmethod
    async def open(cls, address: str, path: str) -> "HalfSent":
        reader, writer = await asyncio.open_connection(*address.split(":"))
        first, second, _ = HALVES[path]
        head = (
            f"POST {path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(first + second)}\r\n\r\n"
        )
        writer.write(f"{head}{first}".encode())
        await writer.drain()
        return cls(path, reader, writer)

    @property
    def waiting(self) -> bool:
        return not self._answer.done()

    async def finish(self) -> None:
        _, second, status = HALVES[self._path]
        self._writer.write(second.encode())
        assert f" {status} " in (await self._answer).decode()

    async def close(self) -> None:
        self._writer.close()
        await asyncio.wait([self._answer])
        await self._writer.wait_closed()


async def test_200_half_sent_bodies_delay_nobody(school):
    grading = await school.run("grading")
    address = grading.address.removeprefix("http://")
    async with fail_after(30), AsyncExitStack() as stack:
        half_sent = []
        for path in HALVES:
            for _ in range(OPEN // len(HALVES)):
                half_sent.append(await HalfSent.open(address, path))
                stack.push_async_callback(half_sent[-1].close)
        for path in ("/students", "/school.Grading/ListStudents"):
            async with fail_after(5):
                page = await school.get(grading.address + path)
            assert page.status == 200
            assert "Okafor" in page.text
        assert all(each.waiting for each in half_sent)
        for each in (half_sent[0], half_sent[-1]):
            await each.finish()
    page = await school.get(f"{grading.address}/students/1")
    assert "Half a grade" in page.text
    assert "Half a call" in page.text
