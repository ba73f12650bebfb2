"""How a page gets the module and a connection, loses it, and gets another."""

import asyncio
import re

import pytest

import house
from kitfox.net import HTTPClient
from pages import blocks

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("connections")]


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


async def test_a_call_that_runs_while_its_server_leaves_ends_well(page, run, serving, plane, until):
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
    error = await run("({ paths, failure }) => failure(connection.call(paths.greet))")
    assert (error["code"], error["unsent"]) == ("UNAVAILABLE", True)


async def test_closing_ends_what_runs_and_lets_nothing_begin(here, plane, until):
    await here("""({ connect, paths }) => {
        globalThis.reply = connect().call(paths.wait);
        reply.catch(() => {});
    }""")
    await until(lambda: plane.running == 1)
    errors = await here("""async ({ paths, failure }) => {
        connection.close();
        return [await failure(reply), await failure(connection.call(paths.greet))];
    }""")
    assert [(each["code"], each["unsent"]) for each in errors] == [
        ("UNAVAILABLE", False),
        ("UNAVAILABLE", True),
    ]
    await until(lambda: plane.running == 0)


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
        replies = await run("""async ({ connect, paths, failure }) => {
            const without = connect({ patience: 300 }).call(paths.mirror, { x: 1, y: 1 });
            return [
                await failure(without),
                await connect({ token: "fox ✓ /?" }).call(paths.mirror, { x: 1, y: 1 }),
            ];
        }""")
        assert [replies[0]["code"], replies[1]["x"]] == ["UNAVAILABLE", -1]


async def test_the_page_about_it_does_what_it_says(page, serving, until):
    about = list(blocks(house.ROOT / "docs" / "javascript.md"))
    (service,) = [block.text for block in about if block.language == "python"]
    script = "".join(block.text for block in about if block.language == "js")
    names, said = {"__name__": "rooms"}, []
    exec(service, names)
    async with serving(service=names["Room"]()) as url:
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
