"""What a page makes of frames that our server sends seldom, or never."""

import json

import pytest
import pytest_asyncio

from kitfox.multiplex import WINDOW
from kitfox.transports.websocket import WebSocket

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("frames")]


class Scripted:
    """A server that answers each request with what a test says, WebSocket after WebSocket."""

    def __init__(self):
        self.answers = []
        self.heard = []
        self.opened = 0

    async def __call__(self, socket):
        await socket.accept("kitfox.json")
        self.opened += 1
        async for message in socket:
            self.heard.append(json.loads(message))
            if self.heard[-1][0] == "request":
                for answer in self.answers.pop(0):
                    await socket.send(json.dumps(answer))


@pytest_asyncio.fixture(loop_scope="module")
async def scripted(page, serving, run):
    """A page of such a server, and the server."""
    server = Scripted()
    async with serving(websocket=WebSocket("/elsewhere", handlers={"/": server})) as url:
        await page.goto(f"{url}/page")
        yield server


async def test_a_call_that_was_refused_is_made_elsewhere(scripted, run):
    scripted.answers = [[["refused", 1]], [["reply", 1, {"x": 1}]]]
    assert await run("({ connect }) => connect().call('/any', { y: 2 })") == {"x": 1}
    assert scripted.opened == 2
    requests = [frame for frame in scripted.heard if frame[0] == "request"]
    assert requests == [["request", 1, "/any", {"y": 2}, {}, None]] * 2


async def test_a_refused_stream_of_requests_is_not_sent_again(scripted, run):
    scripted.answers = [[["refused", 1]]]
    error = await run("({ connect, failure }) => failure(connect().call('/any', []))")
    assert (error["code"], error["unsent"]) == ("UNAVAILABLE", True)


async def test_what_says_nothing_may_be_left_out(scripted, run):
    scripted.answers = [[["failure", 1, 5]], [["reply", 2, {}]], [["item", 3, {}], ["reply", 3]]]
    told = await run("""async ({ connect, failure }) => {
        const connection = connect();
        const items = [];
        const error = await failure(connection.call("/any"));
        const reply = await connection.call("/any");
        for await (const item of connection.stream("/any")) items.push(item);
        return [error, reply, items];
    }""")
    assert told[0]["code"] == "NOT_FOUND"
    assert told[1:] == [{}, [{}]]


@pytest.mark.parametrize(
    "answers",
    [[["nonsense", 1]], [17], [None], [["item", 1, {"value": 1}]] * (WINDOW + 1)],
    ids=["unknown", "number", "null", "flood"],
)
async def test_a_server_that_breaks_the_rules_is_left(scripted, run, answers):
    scripted.answers = [answers, [], [["reply", 1, {"x": 1}]]]
    told = await run("""async ({ connect, failure }) => {
        const connection = connect();
        connection.stream("/any").next().catch(() => {});
        const lost = await failure(connection.call("/other"));
        return [lost, await connection.call("/any")];
    }""")
    assert told[0]["code"] == "UNAVAILABLE"
    assert told[1] == {"x": 1}
    assert scripted.opened == 2
