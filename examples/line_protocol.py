"""A line protocol on the HTTP port: `python examples/line_protocol.py`.

A client asks for it with `Upgrade: lines`, as HTTP/1.1 has it; from then on HTTP is out of the way.
"""

import asyncio

from kitfox import Service, rpc
from kitfox.net import ASGIScope, Receive, Send, reply
from kitfox.transports.http import HTTP, HTTPConnection, hijack_of, raw_stream


class Words(Service, name="lines.v1.Words"):
    """What the lines do, over any wire."""

    @rpc
    async def turn(self, line: str) -> str:
        """Turn a line round."""
        return line[::-1]


WORDS = Words()


async def speak(scope: ASGIScope, _receive: Receive, send: Send) -> None:
    """Answer each line, on a connection taken over from HTTP."""
    if scope["path"] != "/lines" or hijack_of(scope) is None:
        await reply(send, 426, b"ask for lines\n", [(b"upgrade", b"lines")])
        return
    with raw_stream(scope, "lines") as (reader, writer):
        while line := await reader.readline():
            turned = await WORDS.turn(line.decode().strip())
            writer.write(f"{turned}\n".encode())
            await writer.drain()


async def ask(host: str, port: int, *lines: str) -> None:
    """Be a client: ask for the protocol, then speak it."""
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(b"GET /lines HTTP/1.1\r\nhost: localhost\r\n")
    writer.write(b"connection: upgrade\r\nupgrade: lines\r\n\r\n")
    head = await reader.readuntil(b"\r\n\r\n")
    print(head.partition(b"\r\n")[0].decode())
    for line in lines:
        writer.write(f"{line}\n".encode())
        print(line, "→", (await reader.readline()).decode().strip())
    writer.close()


async def main() -> None:
    """Serve both on one port, and be a client of each."""
    async with HTTP(":0", fallback=speak).listen(WORDS.routes()) as url:
        host, _, port = url.removeprefix("http://").partition(":")
        await ask(host, int(port), "stressed", "desserts")
        async with HTTPConnection(url) as connection:
            print("over HTTP:", await Words.client(connection).turn("live"))


if __name__ == "__main__":
    asyncio.run(main())
