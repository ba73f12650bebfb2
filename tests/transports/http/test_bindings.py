"""Routes of a method's own: verbs, fields in path, query and body, and what cannot be bound."""

import enum
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Literal
from urllib.parse import quote, urlencode
from uuid import UUID

import msgspec
import pytest

from kitfox import Kind, Service, rpc
from kitfox.core import DefinitionError
from kitfox.transports.http import HTTP, HTTPApp

ID = UUID("12345678-1234-5678-1234-567812345678")
JSON = [(b"content-type", b"application/json")]


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Size(enum.IntEnum):
    SMALL = 1
    LARGE = 2


class Range(msgspec.Struct, rename="camel"):
    low_end: int
    high_end: int = 9


@dataclass
class Price:
    amount: Decimal
    by_day: dict[int, float]


class Shop(Service, name="acme.Shop"):
    """All that can stand in a path, a query or a body; what arrives is kept in `seen`."""

    def __init__(self):
        self.seen = []

    @rpc(idempotent=True)
    async def scalars(
        self,
        a: int,
        b: bool,  # noqa: FBT001  a field, as the others
        c: Colour,
        d: UUID,
        e: datetime,
        f: float = 1.5,
        g: str = "g",
    ) -> None:
        self.seen.append((a, b, c, d, e, f, g))

    @rpc(idempotent=True)
    async def lists(
        self,
        ids: list[int],
        colours: set[Colour] | None = None,
        pair: tuple[int, str] | None = None,
        size: Size = Size.SMALL,
        which: Literal["x", "y"] | None = None,
    ) -> None:
        self.seen.append((ids, colours, pair, size, which))

    @rpc
    async def mixed(self, name: str, id: int, price: Price, note: str = "") -> None:
        self.seen.append((name, id, price, note))

    @rpc(idempotent=True)
    async def ranged(self, range: Range) -> None:
        self.seen.append((range.low_end, range.high_end))

    @rpc(idempotent=True)
    async def bounded(self, n: Annotated[int, msgspec.Meta(ge=0)]) -> None:
        self.seen.append(n)

    @rpc
    async def buy(self) -> None:
        self.seen.append("bought")

    @rpc
    async def load(self, items: AsyncIterator[int]) -> int:
        return 0


ROUTES = {
    Shop.scalars: "GET /scalars/{a}/{b}/{c}/{d}/{e}",
    Shop.lists: "GET /lists",
    Shop.mixed: "PUT /shops/{name}/items/{id}",
    Shop.ranged: "DELETE /ranges/{lowEnd}",
    Shop.buy: "POST /buy",
}


@pytest.fixture
def shop():
    return Shop()


@pytest.fixture
async def url(shop):
    async with HTTP(routes=ROUTES).listen(shop.routes()) as url:
        yield url


async def test_path_and_query_are_read_as_the_hints_say(shop, url, fetch):
    when = "2026-11-22T03:50:00Z"
    answer = await fetch(f"{url}/scalars/-7/true/blue/{ID}/{when}?f=2&g=a%20b+c%26%C3%A4&h=new")
    assert (answer.status, answer.body) == (200, b"{}")
    moment = datetime(2026, 11, 22, 3, 50, tzinfo=UTC)
    assert shop.seen == [(-7, True, Colour.BLUE, ID, moment, 2.0, "a b c&ä")]


async def test_a_field_that_does_not_fit_is_named_wherever_it_stood(shop, url, fetch):
    good = {"a": "1", "b": "0", "c": "red", "d": str(ID), "e": "2026-11-22T03:50:00Z"}
    for field in good:
        parts = {**good, field: "no"}
        answer = await fetch(f"{url}/scalars/{'/'.join(parts.values())}")
        assert (answer.status, answer.problem["details"]["field"]) == (400, field)
    answer = await fetch(f"{url}/scalars/{'/'.join(good.values())}?f=much")
    assert (answer.status, answer.problem["details"]["field"]) == (400, "f")
    assert shop.seen == []


async def test_lists_are_fields_said_more_than_once(shop, url, fetch):
    query = urlencode([("ids", 3), ("ids", 1), ("colours", "red"), ("pair", 1), ("pair", "b")])
    assert (await fetch(f"{url}/lists?{query}&size=2&which=y")).status == 200
    assert (await fetch(f"{url}/lists?ids=5")).status == 200
    assert shop.seen == [
        ([3, 1], {Colour.RED}, (1, "b"), Size.LARGE, "y"),
        ([5], None, None, Size.SMALL, None),
    ]
    wrong = await fetch(f"{url}/lists?ids=1&ids=two")
    assert wrong.problem["details"]["field"] == "ids[1]"


async def test_any_text_travels_in_a_path(shop, url, fetch):
    body = b'{"price":{"amount":"1","by_day":{}}}'
    names = ["plain", "a/b", "a%2Fb", "ü", "a+b", "%", "..", "a b;c?d#e"]
    for name in names:
        path = f"{url}/shops/{quote(name, safe='')}/items/1"
        assert (await fetch(path, "PUT", headers=JSON, body=body)).status == 200
    assert [seen[0] for seen in shop.seen] == names


async def test_a_body_holds_what_the_path_does_not(shop, url, fetch):
    body = b'{"price":{"amount":1.10,"by_day":{"7":2.5}},"note":"n","name":"not this","new":1}'
    answer = await fetch(f"{url}/shops/corner/items/7", "PUT", headers=JSON, body=body)
    assert answer.status == 200
    assert shop.seen == [("corner", 7, Price(Decimal("1.10"), {7: 2.5}), "n")]


async def test_a_field_of_the_body_beside_a_path_is_read_strictly_and_named(shop, url, fetch):
    cases = {
        b'{"price":{"amount":"1","by_day":{}},"note":5}': "note",
        b'{"price":{"amount":"1","by_day":{"x":1}}}': "price.by_day",
        b'{"price":{"by_day":{}}}': "price.amount",
        b"{}": "price",
        b"": "price",
    }
    for body, field in cases.items():
        answer = await fetch(f"{url}/shops/corner/items/7", "PUT", headers=JSON, body=body)
        assert answer.status == 400
        assert answer.problem["details"]["field"].startswith(field)
    wrong_path = await fetch(f"{url}/shops/corner/items/x", "PUT", headers=JSON, body=b"{}")
    assert wrong_path.problem["details"]["field"] == "id"
    assert (await fetch(f"{url}/shops/c/items/7", "PUT", headers=JSON, body=b"[]")).status == 400


async def test_fields_bear_the_names_they_have_in_json(shop, url, fetch):
    assert (await fetch(f"{url}/ranges/3?highEnd=5", "DELETE")).status == 200
    assert (await fetch(f"{url}/acme.Shop/Ranged?lowEnd=1")).status == 200
    assert shop.seen == [(3, 5), (1, 9)]


async def test_idempotent_methods_answer_get_on_their_own_path_and_others_do_not(shop, url, fetch):
    assert (await fetch(f"{url}/acme.Shop/Bounded?n=3")).status == 200
    refused = await fetch(f"{url}/acme.Shop/Bounded?n=-3")
    assert (refused.status, refused.problem["details"]["field"]) == (400, "n")
    wrong = await fetch(f"{url}/acme.Shop/Buy")
    assert (wrong.status, wrong.headers["allow"]) == (405, "POST")
    assert shop.seen == [3]


async def test_a_method_without_parameters_needs_no_body(shop, url, fetch):
    assert (await fetch(f"{url}/buy", "POST")).status == 200
    assert (await fetch(f"{url}/acme.Shop/Buy", "POST")).status == 200
    assert shop.seen == ["bought", "bought"]


@pytest.mark.parametrize(
    ("method", "route", "words"),
    [
        (Shop.buy, "GET /buy", "idempotent=True"),
        (Shop.buy, "FETCH /buy", "expected a verb and a path"),
        (Shop.buy, "/buy", "expected a verb and a path"),
        (Shop.buy, "POST buy", "expected a verb and a path"),
        (Shop.buy, "POST /buy/{id}", "no field 'id'; it has none"),
        (Shop.bounded, "GET /{m}", "no field 'm'; it has n"),
        (Shop.bounded, "GET /n{n}", "a name takes a whole segment"),
        (Shop.bounded, "GET /{n}/{n}", "a field can stand in the path once"),
        (Shop.load, "POST /load", "not over HTTP"),
    ],
)
async def test_a_route_that_cannot_be_is_refused_when_the_application_is_made(
    shop, method, route, words
):
    with pytest.raises(DefinitionError, match=words):
        HTTPApp(shop.routes(), routes={method: route})


async def test_two_methods_cannot_have_one_route(shop):
    with pytest.raises(DefinitionError, match="two targets for GET /x"):
        HTTPApp(shop.routes(), routes={Shop.lists: "GET /x", Shop.bounded: "GET /x"})


async def test_a_method_may_be_given_the_route_that_it_has(shop):
    HTTPApp(shop.routes(), routes={Shop.lists: "GET /acme.Shop/Lists"})


async def test_a_method_that_is_not_served_here_has_no_route(shop):
    with pytest.raises(DefinitionError, match="not served here"):
        HTTPApp({}, routes={Shop.lists: "GET /x"})


async def test_what_http_cannot_carry_is_left_out(shop, url, fetch):
    assert any(method.kind is Kind.CLIENT_STREAM for method in shop.routes())
    assert (await fetch(f"{url}/acme.Shop/Load", "POST")).status == 404


async def test_a_route_may_be_given_by_the_contract_or_by_what_implements_it(fetch):
    class Clock(Service, ABC, name="acme.Clock"):
        @rpc(idempotent=True)
        @abstractmethod
        async def now(self) -> str: ...

    class Stopped(Clock):
        async def now(self) -> str:
            return "noon"

    for function in (Clock.now, Stopped.now):
        async with HTTP(routes={function: "GET /now"}).listen(Stopped().routes()) as url:
            assert (await fetch(f"{url}/now")).body == b'{"value":"noon"}'
