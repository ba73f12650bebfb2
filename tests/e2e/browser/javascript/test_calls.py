"""Calls of all kinds, and how they end."""

import pytest

from kitfox.multiplex import WINDOW

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("calls")]


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


async def test_leaving_a_stream_ends_its_handler(here, plane, until):
    await here("""async ({ connect, paths }) => {
        for await (const item of connect().stream(paths.count, { most: 1e9 })) break;
    }""")
    await until(lambda: plane.running == 0 and plane.sent)


async def test_a_slow_reader_is_sent_no_more_than_the_window(here, plane, until):
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
    error = await here("""({ connect, paths, failure }) => {
        return failure(connect().call(paths.find, { name: "fox" }));
    }""")
    assert error == {
        "name": "RPCError",
        "code": "NOT_FOUND",
        "message": "no fox",
        "details": {"name": "fox", "tried": [1, 2]},
        "unsent": False,
    }


async def test_a_method_of_the_other_kind_is_refused(here, plane, until):
    errors = await here("""async ({ connect, paths, failure }) => {
        const connection = connect();
        return [
            await failure(connection.call(paths.count, { most: 1e9 })),
            await failure(connection.stream(paths.mirror, { x: 1, y: 1 }).next()),
            await failure(connection.call(paths.mirror, [])),
            await failure(connection.call("/test.Plane/Nothing")),
            await failure(connection.call(paths.mirror, "text")),
        ];
    }""")
    codes = [error["code"] or error["name"] for error in errors]
    expected = ["UNIMPLEMENTED", "UNIMPLEMENTED", "INVALID_ARGUMENT", "UNIMPLEMENTED", "TypeError"]
    assert codes == expected
    await until(lambda: plane.running == 0)


async def test_an_error_of_the_requests_iterator_is_the_callers(here):
    error = await here("""({ connect, paths, failure }) => {
        async function* numbers() { yield { value: 1 }; throw new RangeError("my own"); }
        return failure(connect().call(paths.total, numbers()));
    }""")
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


async def test_a_deadline_ends_a_call_here_and_there(here, plane, until):
    error = await here("""({ connect, paths, failure }) => {
        return failure(connect().call(paths.wait, {}, { timeout: 200 }));
    }""")
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


async def test_a_signal_gives_a_call_up(here, plane, until):
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
    replies = await here("""async ({ connect, paths, failure }) => {
        const connection = connect({ limit: 1000 });
        const name = "fox".repeat(1000);
        return [
            await failure(connection.call(paths.find, { name })),
            await connection.call(paths.mirror, { x: 1, y: 1 }),
        ];
    }""")
    assert [replies[0]["code"], replies[1]["x"]] == ["RESOURCE_EXHAUSTED", -1]
