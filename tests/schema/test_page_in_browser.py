"""The page of methods as Chromium shows it."""

import re

import pytest

from kitfox.schema import docs_page, docs_page_csp

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("page_of_methods")]

URL = "http://docs.test/docs"


async def open_docs(page, document):
    """Show the page as a server would, under its policy; return what else it asked for."""
    asked, complaints = [], []
    headers = {"content-security-policy": docs_page_csp(), "content-type": "text/html"}

    async def answer(route):
        asked.append(route.request.url)
        await route.fulfill(body=docs_page(document), headers=headers)

    page.on("console", lambda message: complaints.append(message.text))
    await page.route("**/*", answer)
    await page.goto(URL)
    assert complaints == []
    return asked


async def test_a_browser_shows_the_page_under_its_own_policy(page, document):
    assert await open_docs(page, document) == [URL]
    display = await page.evaluate("getComputedStyle(document.body).display")
    assert display == "grid", "the style sheet was not applied"


async def test_a_phone_shows_the_page_without_scrolling_sideways(page, document):
    await page.set_viewport_size({"width": 360, "height": 740})
    await open_docs(page, document)
    assert await page.evaluate("document.documentElement.scrollWidth") == 360


async def test_the_page_follows_the_readers_dark_mode(page, document):
    await page.emulate_media(color_scheme="dark")
    await open_docs(page, document)
    shown = await page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert max(int(part) for part in re.findall(r"\d+", shown)) < 60
