"""WebSockets within HTTP/2 (RFC 8441)."""

from websockets.frames import Opcode

from kitfox.transports.websocket import WebSocket


async def test_a_websocket_carries_calls_within_http2(client):
    compressed = "sec-websocket-extensions", "permessage-deflate"
    protocol = "sec-websocket-protocol", "kitfox.json"
    stream = client.open_websocket("/", protocol, compressed)
    opened = await client.begun(stream)
    assert opened.status == 200
    assert opened.headers[b"sec-websocket-protocol"] == b"kitfox.json"
    assert b"sec-websocket-extensions" not in opened.headers
    client.send(stream, client.message(b'["request",1,"/test.Plane/Double",{"number":21},{},null]'))
    await client.until(lambda: b'["reply",1,{"value":42}' in opened.body)
    assert (await client.over(client.call("Double", number=4))).reply == 8
    client.send(stream, client.message((1000).to_bytes(2, "big"), Opcode.CLOSE))
    assert (await client.over(stream)).ended


async def test_a_websocket_that_ends_without_a_word_ends_its_calls(client, plane, eventually):
    stream = client.open_websocket("/", ("sec-websocket-protocol", "kitfox.json"))
    await client.begun(stream)
    client.send(stream, client.message(b'["request",1,"/test.Plane/Wait",{},{},null]'))
    await eventually(lambda: plane.running == 1)
    client.send(stream, b"", end=True)
    await eventually(lambda: plane.running == 0)
    await client.over(stream)


async def test_websockets_are_told_that_the_server_stops(
    plane, serving, dial, eventually, stoppable
):
    async with stoppable(serving(websocket=WebSocket())) as (url, stop), dial(url) as client:
        stream = client.open_websocket("/", ("sec-websocket-protocol", "kitfox.json"))
        opened = await client.begun(stream)
        client.send(stream, client.message(b'["request",1,"/test.Plane/Wait",{}]'))
        await eventually(lambda: plane.running == 1)
        stop()
        await client.sent_away()
        await client.until(lambda: b'["away"]' in opened.body)
        plane.release.set()
        await client.until(lambda: opened.ended)
        assert b'["reply",1,' in opened.body
        assert (1012).to_bytes(2, "big") in opened.body


async def test_a_message_longer_than_allowed_closes_its_websocket(serving, dial):
    async def listen(socket):
        async for _ in socket:
            pass

    websocket = WebSocket(handlers={"/": listen})
    async with serving(websocket=websocket) as url, dial(url) as client:
        stream = client.open_websocket()
        opened = await client.begun(stream)
        rest = client.message(b"x" * (5 << 20), Opcode.BINARY)
        while rest and not opened.body:
            await client.until(lambda: client.room(stream) or opened.body)
            room = min(client.room(stream), client.PIECE)
            client.send(stream, rest[:room])
            rest = rest[room:]
        await client.until(lambda: opened.body)
        assert opened.body[2:4] == (1009).to_bytes(2, "big")
