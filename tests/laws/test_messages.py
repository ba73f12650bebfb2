"""Messages arrive as they were, or do not arrive; small or large."""

import dataclasses
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Annotated, Generic, TypedDict, TypeVar
from uuid import UUID

import attrs
import msgspec
import pytest

from kitfox import Internal, InvalidArgument, Kind, ResourceExhausted, RPCError, Service, rpc

MEBIBYTE = 1 << 20
T = TypeVar("T")


class User(msgspec.Struct):
    id: Annotated[int, msgspec.Meta(ge=1)]
    name: str = "ada"


@dataclasses.dataclass
class Point:
    x: float
    y: float = 0.0


@attrs.define
class Box:
    points: list[Point]


class Options(TypedDict, total=False):
    colour: str
    sizes: dict[str, int]


class Page(msgspec.Struct, Generic[T]):
    items: list[T]


class Moment(msgspec.Struct, frozen=True):
    at: datetime
    id: UUID
    raw: bytes
    big: int


class Post(Service, name="laws.Post"):
    def __init__(self):
        self.taken = 0

    @rpc
    async def user(self, user: User) -> User:
        self.taken += 1
        return user

    @rpc
    async def box(self, box: Box) -> Box:
        return box

    @rpc
    async def options(self, options: Options) -> Options:
        return options

    @rpc
    async def page(self, page: Page[User]) -> Page[User]:
        return page

    @rpc
    async def moment(self, moment: Moment) -> Moment:
        return moment

    @rpc
    async def either(self, value: User | int | None) -> User | int | None:
        return value

    @rpc
    async def mixed(self, first: User, second: Point, third: list[Options]) -> list[Page[User]]:
        assert isinstance(second, Point)
        return [Page([first])] * len(third)

    @rpc
    async def store(self, text: str) -> str:
        return text

    @rpc
    async def users(self, count: int) -> AsyncIterator[User]:
        for number in range(1, count + 1):
            yield User(number)

    @rpc
    async def count(self, users: AsyncIterator[User]) -> int:
        return sum([user.id async for user in users])

    @rpc
    async def lie(self) -> User:
        return object()

    @rpc
    async def lie_in_the_middle(self) -> AsyncIterator[User]:
        yield User(1)
        yield object()


@pytest.fixture
def post():
    return Post()


MOMENT = Moment(datetime(2026, 2, 28, 23, 59, 59, 123456, UTC), UUID(int=7), b"\0\xff", 2**63 - 1)


MESSAGES = [
    ("user", User(1, "Ада\0\n🦊")),
    ("box", Box([Point(1.5), Point(-0.0, 1e300)])),
    ("options", {"sizes": {"": 0, "ü": -1}}),
    ("options", {}),
    ("page", Page([User(1), User(2)])),
    ("moment", MOMENT),
    ("either", User(3)),
    ("either", 3),
    ("either", None),
    ("store", ""),
]

# A method, its arguments, and the field that is wrong in them.
WRONG = [
    ("user", [User("x")], "id"),
    ("user", [User(0)], "id"),
    ("box", [Box([Point(0), Point("x")])], "points[1].x"),
    ("page", [Page([User(1, name=7)])], "items[0].name"),
    ("options", [{"sizes": {"a": "b"}}], "sizes[...]"),
    ("mixed", [User(1), Point(0), [{"colour": 1}]], "third[0].colour"),
    ("store", [5], "text"),
]


async def test_a_message_comes_back_as_it_went(serve, post):
    async with serve(post) as connection:
        client = Post.client(connection)
        back = [(method, await getattr(client, method)(message)) for method, message in MESSAGES]
    assert back == MESSAGES
    assert [type(message) for _, message in back] == [type(message) for _, message in MESSAGES]


async def test_parameters_of_several_kinds_travel_together(serve, post):
    async with serve(post) as connection:
        pages = await Post.client(connection).mixed(User(1), second=Point(2), third=[{}, {}])
    assert pages == [Page([User(1)])] * 2


async def test_a_request_of_the_wrong_shape_names_its_field(serve, post):
    async with serve(post) as connection:
        for method, arguments, field in WRONG:
            with pytest.raises(InvalidArgument, match=f"^{re.escape(field)}: ") as info:
                await getattr(Post.client(connection), method)(*arguments)
            assert info.value.details["field"] == field
    assert post.taken == 0


async def test_a_request_that_cannot_be_written_never_leaves(serve, post):
    async with serve(post) as connection:
        with pytest.raises((TypeError, InvalidArgument)):
            await Post.client(connection).user(object())
    assert post.taken == 0


async def test_a_reply_that_cannot_be_written_is_the_servers_fault(serve, post, caplog):
    async with serve(post) as connection:
        with pytest.raises(Internal, match=r"^internal error$"):
            await Post.client(connection).lie()
    assert "object" in caplog.text


@pytest.mark.carries(Kind.SERVER_STREAM)
async def test_a_reply_that_cannot_be_written_ends_a_stream(serve, post):
    seen = []
    async with serve(post) as connection:
        with pytest.raises(Internal, match=r"^internal error$"):
            async for user in Post.client(connection).lie_in_the_middle():
                seen.append(user)
    assert seen == [User(1)]


@pytest.mark.carries(Kind.SERVER_STREAM)
async def test_streamed_replies_come_as_their_type(serve, post):
    async with serve(post) as connection:
        users = [user async for user in Post.client(connection).users(2)]
    assert users == [User(1), User(2)]


@pytest.mark.carries(Kind.CLIENT_STREAM)
async def test_a_streamed_request_of_the_wrong_shape_names_its_field(serve, post):
    async def users():
        yield User(1)
        yield User("x")

    async with serve(post) as connection:
        with pytest.raises(InvalidArgument) as info:
            await Post.client(connection).count(users())
    assert info.value.details["field"] == "id"


async def test_a_large_message_comes_back_as_it_went(serve, wire, post):
    text = "ü" * ((wire.limit or 16 * MEBIBYTE) // 4)
    async with serve(post) as connection:
        assert await Post.client(connection).store(text) == text


async def test_a_message_over_the_limit_is_refused_in_words(serve, wire, post):
    text = "x" * (wire.limit or 32 * MEBIBYTE)
    async with serve(post) as connection:
        client = Post.client(connection)
        if wire.limit is None:
            assert await client.store(text) == text
        else:
            with pytest.raises((ResourceExhausted, InvalidArgument)) as info:
                await client.store(text)
            assert str(wire.limit) in info.value.message
        assert await client.store("next") == "next"


async def test_what_went_wrong_with_one_message_does_not_touch_the_next(serve, post):
    async with serve(post) as connection:
        client = Post.client(connection)
        for _ in range(3):
            with pytest.raises(RPCError):
                await client.user(User("x"))
            assert await client.user(User(1)) == User(1)
