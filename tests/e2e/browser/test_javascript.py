"""The client for web pages, in Chromium, against the real server."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import msgspec
import pytest
import pytest_asyncio
from playwright.async_api import async_playwright

import house
from kitfox import NotFound, Service, current_call, current_deadline, fail_after, methods_of, rpc
from kitfox.multiplex import WINDOW
from kitfox.net import HTTPClient, Site, SiteReply
from kitfox.transports.http import HTTP
from kitfox.transports.websocket import WebSocket
from pages import blocks

PATIENCE = 30.0  # seconds; the machines that run this have other things to do

# All of them in one loop, so that they can share the browser, which takes seconds to start.
pytestmark = pytest.mark.asyncio(loop_scope="module")
fixture = partial(pytest_asyncio.fixture, loop_scope="module")


class Point(msgspec.Struct):
    x: int
    y: int


class Plane(Service, name="test.Plane"):
    """Everything that a page may try."""

    def __init__(self):
        self.running = 0
        self.sent = 0
        self.release = asyncio.Event()

    @rpc
    async def mirror(self, point: Point) -> Point:
        """Turn a point about the origin."""
        return Point(-point.x, -point.y)

    @rpc
    async def count(self, most: int) -> AsyncIterator[int]:
        """Count."""
        self.running += 1
        try:
            for self.sent in range(most):
                yield self.sent
        finally:
            self.running -= 1

    @rpc
    async def total(self, numbers: AsyncIterator[int]) -> int:
        """Add numbers up."""
        return sum([number async for number in numbers])

    @rpc
    async def sums(self, numbers: AsyncIterator[int]) -> AsyncIterator[int]:
        """Tell the sum so far, after each number."""
        total = 0
        async for number in numbers:
            total += number
            yield total

    @rpc
    async def first(self, numbers: AsyncIterator[int]) -> int:
        """Take one number, and no other for a while."""
        async for number in numbers:
            await self.release.wait()
            return number
        return 0

    @rpc
    async def find(self, name: str) -> None:
        """Find nothing."""
        raise NotFound(f"no {name}", details={"name": name, "tried": [1, 2]})

    @rpc
    async def wait(self) -> float:
        """Wait until somebody allows it to end, or it is given up."""
        self.running += 1
        try:
            await self.release.wait()
        finally:
            self.running -= 1
        deadline = current_deadline()
        return -1 if deadline is None else deadline.remaining()

    @rpc
    async def greet(self) -> str:
        """Answer to the metadata."""
        call = current_call()
        call.reply_metadata["answer"] = "fox"
        return call.metadata["question"]


async def blank(_):
    return SiteReply(200, b"<!doctype html><title>A page</title>", "text/html; charset=utf-8")


PAGE = Site({"GET /page": blank})
PATHS = {name: method.path for name, method in methods_of(Plane).items()}


@fixture(scope="module")
async def browser(chromium, chromium_flags):
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=chromium_flags)
        yield browser
        await browser.close()


@fixture
async def page(browser):
    page, faults = await browser.new_page(), []
    page.on("pageerror", lambda fault: faults.append(fault))  # noqa: PLW0108  it marks the function
    yield page
    await page.close()
    assert faults == []


@pytest.fixture
def plane():
    return Plane()


@pytest.fixture
def serving(plane):
    """Serve the plane, and a page without anything on it."""

    @asynccontextmanager
    async def serve(address="127.0.0.1:0", **options):
        options.setdefault("websocket", WebSocket())
        async with HTTP(address, fallback=PAGE, **options).listen(plane.routes()) as url:
            yield url

    return serve


@fixture
async def url(serving):
    async with serving() as url:
        yield url


@pytest.fixture
def run(page):
    """Run a function of JavaScript: it is given the module, the methods' paths, and some value."""

    async def run(function, value=None):
        script = f"""async ([paths, value]) => {{
            const module = await import("/kitfox.js");
            const connect = (options) => (globalThis.connection = module.connect("/", options));
            return await ({function})({{ ...module, connect, paths, value }});
        }}"""
        async with fail_after(PATIENCE):
            return await page.evaluate(script, [PATHS, value])

    return run


@fixture
async def here(page, url, run):
    """The same, on a page of the server."""
    await page.goto(f"{url}/page")
    return run


async def until(holds):
    async with fail_after(PATIENCE):
        while not holds():
            await asyncio.sleep(0.01)


FAILURE = """const failure = async (call) => {
    try { await call } catch (error) {
        const { name, code, message, details, unsent } = error;
        return { name, code, message, details, unsent };
    }
};"""


async def test_a_method_is_called(here):
    reply = await here("""({ connect, paths }) => connect().call(paths.mirror, { x: 1, y: -2 })""")
    assert reply == {"x": -1, "y": 2}


async def test_many_calls_go_over_one_websocket(page, here):
    opened = []
    page.on("websocket", lambda socket: opened.append(socket.url))
    replies = await here("""({ connect, paths }) => {
        const connection = connect();
        const call = (_, x) => connection.call(paths.mirror, { x, y: 0 });
        return Promise.all(Array.from({ length: 100 }, call));
    }""")
    assert [reply["x"] for reply in replies] == [-x for x in range(100)]
    assert len(opened) == 1


async def test_replies_are_iterated_over(here):
    items = await here("""async ({ connect, paths }) => {
        const items = [];
        for await (const item of connect().stream(paths.count, { most: 100 })) items.push(item);
        return items;
    }""")
    assert items == [{"value": number} for number in range(100)]


async def test_requests_come_from_an_async_generator_or_an_array(here):
    totals = await here("""async ({ connect, paths }) => {
        async function* numbers() { for (let value = 0; value < 100; value++) yield { value }; }
        const connection = connect();
        return [
            await connection.call(paths.total, numbers()),
            await connection.call(paths.total, [{ value: 3 }, { value: 4 }]),
            await connection.call(paths.total, []),
        ];
    }""")
    assert totals == [{"value": sum(range(100))}, {"value": 7}, {"value": 0}]


async def test_requests_and_replies_stream_at_the_same_time(here):
    sums = await here("""async ({ connect, paths }) => {
        const sums = [];
        let more;
        async function* numbers() {
            for (let value = 1; value <= 20; value++) {
                yield { value };
                await new Promise((resolve) => (more = resolve));  // only after its reply
            }
        }
        for await (const { value } of connect().stream(paths.sums, numbers())) {
            sums.push(value);
            more();
        }
        return sums;
    }""")
    assert sums == [n * (n + 1) // 2 for n in range(1, 21)]


async def test_leaving_a_stream_ends_its_handler(here, plane):
    await here("""async ({ connect, paths }) => {
        for await (const item of connect().stream(paths.count, { most: 1e9 })) break;
    }""")
    await until(lambda: plane.running == 0 and plane.sent)


async def test_a_slow_reader_is_sent_no_more_than_the_window(here, plane):
    await here("""async ({ connect, paths }) => {
        globalThis.items = connect().stream(paths.count, { most: 1000 });
        await items.next();
    }""")
    await until(lambda: plane.sent >= WINDOW)
    await here("""({ connection, connect, paths }) => globalThis.connection.call(
        paths.mirror, { x: 0, y: 0 })""")
    assert plane.sent == WINDOW
    rest = await here("""async () => {
        let count = 0;
        for await (const item of items) count += 1;
        return count;
    }""")
    assert rest == 999


async def test_requests_wait_for_a_slow_handler_and_end_with_its_call(here, plane):
    await here("""async ({ connect, paths }) => {
        globalThis.yielded = 0;
        globalThis.left = false;
        async function* numbers() {
            try { for (;;) { yielded += 1; yield { value: 7 }; } } finally { left = true; }
        }
        const connection = connect();
        globalThis.reply = connection.call(paths.first, numbers());
        while (yielded < 17) await new Promise((resolve) => setTimeout(resolve));
        await connection.call(paths.mirror, { x: 0, y: 0 });
    }""")
    assert await here("() => yielded") == WINDOW + 1, "the last one waits for credit"
    plane.release.set()
    assert await here("() => reply") == {"value": 7}
    assert await here("() => left") is True


async def test_an_error_has_its_code_message_and_details(here):
    error = await here(f"""({{ connect, paths }}) => {{
        {FAILURE}
        return failure(connect().call(paths.find, {{ name: "fox" }}));
    }}""")
    assert error == {
        "name": "RPCError",
        "code": "NOT_FOUND",
        "message": "no fox",
        "details": {"name": "fox", "tried": [1, 2]},
        "unsent": False,
    }


async def test_a_method_of_the_other_kind_is_refused(here, plane):
    errors = await here(f"""async ({{ connect, paths }}) => {{
        {FAILURE}
        const connection = connect();
        return [
            await failure(connection.call(paths.count, {{ most: 1e9 }})),
            await failure(connection.stream(paths.mirror, {{ x: 1, y: 1 }}).next()),
            await failure(connection.call(paths.mirror, [])),
            await failure(connection.call("/test.Plane/Nothing")),
            await failure(connection.call(paths.mirror, "text")),
        ];
    }}""")
    codes = [error["code"] or error["name"] for error in errors]
    expected = ["UNIMPLEMENTED", "UNIMPLEMENTED", "INVALID_ARGUMENT", "UNIMPLEMENTED", "TypeError"]
    assert codes == expected
    await until(lambda: plane.running == 0)


async def test_an_error_of_the_requests_iterator_is_the_callers(here):
    error = await here(f"""({{ connect, paths }}) => {{
        {FAILURE}
        async function* numbers() {{ yield {{ value: 1 }}; throw new RangeError("my own"); }}
        return failure(connect().call(paths.total, numbers()));
    }}""")
    assert (error["name"], error["message"]) == ("RangeError", "my own")


async def test_metadata_goes_and_comes(here):
    told = await here("""async ({ connect, paths }) => {
        let told;
        const onMetadata = (metadata) => (told = metadata);
        const metadata = { question: "who?" };
        const reply = await connect().call(paths.greet, {}, { metadata, onMetadata });
        return [reply, told];
    }""")
    assert told == [{"value": "who?"}, {"answer": "fox"}]


async def test_a_deadline_ends_a_call_here_and_there(here, plane):
    error = await here(f"""({{ connect, paths }}) => {{
        {FAILURE}
        return failure(connect().call(paths.wait, {{}}, {{ timeout: 200 }}));
    }}""")
    assert error["code"] == "DEADLINE_EXCEEDED"
    await until(lambda: plane.running == 0)


async def test_a_server_knows_the_time_left(here, plane):
    plane.release.set()
    left = await here("""({ connect, paths }) => {
        const connection = connect({ timeout: 25_000 });
        return Promise.all([
            connection.call(paths.wait),
            connection.call(paths.wait, {}, { timeout: Infinity }),
        ]);
    }""")
    assert 5 < left[0]["value"] <= 25
    assert left[1]["value"] == -1


async def test_a_signal_gives_a_call_up(here, plane):
    await here("""({ connect, paths }) => {
        globalThis.controller = new AbortController();
        globalThis.reply = connect().call(paths.wait, {}, { signal: controller.signal });
        reply.catch(() => {});
    }""")
    await until(lambda: plane.running == 1)
    reason = await here("""async () => {
        controller.abort();
        try { await reply } catch (error) { return error.name }
    }""")
    assert reason == "AbortError"
    await until(lambda: plane.running == 0)


async def test_a_signal_that_has_spoken_lets_no_call_begin(here, plane):
    name = await here("""async ({ connect, paths }) => {
        const signal = AbortSignal.abort();
        try { await connect().stream(paths.count, { most: 9 }, { signal }).next(); }
        catch (error) { return error.name }
    }""")
    assert name == "AbortError"
    assert plane.sent == 0


async def test_what_is_too_long_is_not_sent_and_hurts_no_other_call(here):
    replies = await here(f"""async ({{ connect, paths }}) => {{
        {FAILURE}
        const connection = connect({{ limit: 1000 }});
        const name = "fox".repeat(1000);
        return [
            await failure(connection.call(paths.find, {{ name }})),
            await connection.call(paths.mirror, {{ x: 1, y: 1 }}),
        ];
    }}""")
    assert [replies[0]["code"], replies[1]["x"]] == ["RESOURCE_EXHAUSTED", -1]


async def test_a_page_comes_back_to_a_server_that_was_restarted(page, run, serving):
    async with serving() as url:
        await page.goto(f"{url}/page")
        await run("({ connect, paths }) => connect().call(paths.mirror, { x: 1, y: 1 })")
    waiting = asyncio.create_task(
        run("({ paths }) => connection.call(paths.mirror, { x: 2, y: 2 }, { timeout: 25_000 })")
    )
    await page.wait_for_event("websocket")  # it tries, and nobody is there
    async with serving(url.removeprefix("http://")):
        assert await waiting == {"x": -2, "y": -2}


async def test_a_call_that_runs_while_its_server_leaves_ends_well(page, run, serving, plane):
    stopping = asyncio.Event()

    async def one():
        async with serving() as url:
            listening.set_result(url)
            await stopping.wait()

    listening = asyncio.get_running_loop().create_future()
    server = asyncio.create_task(one())
    await page.goto(f"{await listening}/page")
    await run("""({ connect, paths }) => {
        globalThis.reply = connect({ timeout: 20_000 }).call(paths.wait);
    }""")
    await until(lambda: plane.running == 1)
    stopping.set()
    async with page.expect_event("websocket"):  # for the next call it looks for another server
        await run("""({ paths }) => {
            globalThis.next = connection.call(paths.mirror, { x: 3, y: 3 });
        }""")
    plane.release.set()
    assert (await run("() => reply"))["value"] > 0
    await server
    async with serving((await listening).removeprefix("http://")):
        assert await run("() => next") == {"x": -3, "y": -3}


async def test_a_call_gives_up_when_nobody_can_be_reached(page, run, serving):
    async with serving() as url:
        await page.goto(f"{url}/page")
        await run(
            "({ connect, paths }) => connect({ patience: 300 }).call(paths.greet).catch(() => 0)"
        )
    error = await run(
        f"({{ paths }}) => {{ {FAILURE} return failure(connection.call(paths.greet)); }}"
    )
    assert (error["code"], error["unsent"]) == ("UNAVAILABLE", True)


async def test_closing_ends_what_runs_and_lets_nothing_begin(here, plane):
    await here("""({ connect, paths }) => {
        globalThis.reply = connect().call(paths.wait);
        reply.catch(() => {});
    }""")
    await until(lambda: plane.running == 1)
    errors = await here(f"""async ({{ paths }}) => {{
        {FAILURE}
        connection.close();
        return [await failure(reply), await failure(connection.call(paths.greet))];
    }}""")
    assert [(each["code"], each["unsent"]) for each in errors] == [
        ("UNAVAILABLE", False),
        ("UNAVAILABLE", True),
    ]
    await until(lambda: plane.running == 0)


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


@fixture
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
    error = await run(
        f"({{ connect }}) => {{ {FAILURE} return failure(connect().call('/any', [])); }}"
    )
    assert (error["code"], error["unsent"]) == ("UNAVAILABLE", True)


async def test_what_says_nothing_may_be_left_out(scripted, run):
    scripted.answers = [[["failure", 1, 5]], [["reply", 2, {}]], [["item", 3, {}], ["reply", 3]]]
    told = await run(f"""async ({{ connect }}) => {{
        {FAILURE}
        const connection = connect();
        const items = [];
        const error = await failure(connection.call("/any"));
        const reply = await connection.call("/any");
        for await (const item of connection.stream("/any")) items.push(item);
        return [error, reply, items];
    }}""")
    assert told[0]["code"] == "NOT_FOUND"
    assert told[1:] == [{}, [{}]]


@pytest.mark.parametrize(
    "answers",
    [[["nonsense", 1]], [17], [None], [["item", 1, {"value": 1}]] * (WINDOW + 1)],
    ids=["unknown", "number", "null", "flood"],
)
async def test_a_server_that_breaks_the_rules_is_left(scripted, run, answers):
    scripted.answers = [answers, [["reply", 1, {"x": 1}]]]
    told = await run(f"""async ({{ connect }}) => {{
        {FAILURE}
        const connection = connect();
        const lost = async () => {{
            const items = connection.stream("/any");
            await items.next();
            await new Promise((resolve) => setTimeout(resolve, 200));
            for await (const item of items);
        }};
        return [await failure(lost()), await connection.call("/any")];
    }}""")
    assert told[0]["code"] == "UNAVAILABLE"
    assert told[1] == {"x": 1}
    assert scripted.opened == 2


async def test_what_the_browser_forbids_is_the_callers_to_know(here):
    names = await here("""async () => {
        const { connect: to } = await import("/kitfox.js");
        const name = async (act) => { try { await act() } catch (error) { return error.name } };
        return [
            await name(() => to("ftp://127.0.0.1/")),
            await name(() => to("ws://127.0.0.1/#part").call("/any")),
        ];
    }""")
    assert names == ["TypeError", "SyntaxError"]


async def test_a_token_opens_the_websocket(page, run, serving):
    async with serving(token="fox ✓ /?") as url:
        await page.goto(f"{url}/livez")  # open to all
        replies = await run(f"""async ({{ connect, paths }}) => {{
            {FAILURE}
            const without = connect({{ patience: 300 }}).call(paths.mirror, {{ x: 1, y: 1 }});
            return [
                await failure(without),
                await connect({{ token: "fox ✓ /?" }}).call(paths.mirror, {{ x: 1, y: 1 }}),
            ];
        }}""")
        assert [replies[0]["code"], replies[1]["x"]] == ["UNAVAILABLE", -1]


async def test_the_page_about_it_does_what_it_says(page):
    about = list(blocks(house.ROOT / "docs" / "javascript.md"))
    (service,) = [block.text for block in about if block.language == "python"]
    script = "".join(block.text for block in about if block.language == "js")
    names, said = {"__name__": "rooms"}, []
    exec(service, names)
    room = names["Room"]()
    async with HTTP(websocket=WebSocket(), fallback=PAGE).listen(room.routes()) as url:
        page.on("console", lambda line: line.type == "log" and said.append(line.text))
        await page.goto(f"{url}/page")
        await page.add_script_tag(content=script, type="module")
        expected = re.findall(r"// → (.*)", script)
        await until(lambda: len(said) == len(expected))
    assert said == expected


async def ask(url):
    async with HTTPClient() as http:
        return await http.request("GET", url)


async def test_everybody_may_have_the_module_where_there_are_websockets(serving):
    async with serving(token="t") as url:
        reply = await ask(f"{url}/kitfox.js")
        assert reply.status == 200
        assert (b"content-type", b"text/javascript; charset=utf-8") in list(reply.headers)
        assert (await ask(f"{url}/kitfox.js/")).status == 401
    async with serving(token="t", websocket=None) as url:
        assert (await ask(f"{url}/kitfox.js")).status == 401
    async with serving(websocket=None) as url:
        assert (await ask(f"{url}/kitfox.js")).status == 404
