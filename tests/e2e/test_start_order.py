"""Services are started by hand, in whatever order, and find each other."""

import asyncio

import pytest

SERVICES = {"kitfox.v1.Logs", "school.Grading", "school.Portal"}


async def works(school, portal) -> bool:
    page = await school.get(f"{portal.address}/students")
    return page.status == 200 and "Okafor" in page.text


async def come_together(school, until, portal) -> None:
    await until(lambda: works(school, portal))
    await until(lambda: knows_all(school))


async def knows_all(school) -> bool:
    return await school.registered() == SERVICES


@pytest.mark.parametrize(
    "order",
    [
        "portal grading logs registry",
        "grading registry portal logs",
        "logs portal registry grading",
    ],
)
async def test_any_order_comes_to_a_working_page(school, until, order):
    started = {name: await school.run(name) for name in order.split()}
    await come_together(school, until, started["portal"])


async def test_starting_all_at_once_comes_to_a_working_page(school, until):
    names = ("registry", "logs", "grading", "portal")
    *_, portal = await asyncio.gather(*map(school.run, names))
    await come_together(school, until, portal)
