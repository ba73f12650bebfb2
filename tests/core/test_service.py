"""What a service class is read as: its name, its methods and their messages."""

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Annotated, Generic, TypedDict, TypeVar

import attrs
import msgspec
import pytest

from kitfox import Call, Kind, Service, methods_of, rpc
from kitfox.core import Empty, method_of, service_name

T = TypeVar("T")


class User(msgspec.Struct):
    id: int
    name: str = "ada"


@dataclasses.dataclass
class Point:
    x: int


@attrs.define
class Box:
    x: int


class Options(TypedDict):
    x: int


class Page(msgspec.Struct, Generic[T]):
    items: list[T]


class Users(Service, ABC, name="acme.v1.Users"):
    """Who may log in."""

    @rpc(idempotent=True)
    @abstractmethod
    async def get(self, id: int, verbose: bool = False) -> User:  # noqa: FBT001, FBT002
        """Look one user up.

        Further lines.
        """

    @rpc
    @abstractmethod
    async def add_user(self, user: User) -> None: ...

    @rpc
    @abstractmethod
    def watch_all(self) -> AsyncIterator[User]: ...


class SQLUsers(Users):
    async def get(self, id: int, verbose: bool = True) -> User:  # noqa: FBT001, FBT002
        return User(id, "verbose" if verbose else "terse")

    async def add_user(self, user: User) -> None:
        self.added = user

    async def watch_all(self) -> AsyncIterator[User]:
        yield User(1)


class Fake:
    """A connection that answers with the next of its replies, and keeps what was asked."""

    def __init__(self, *replies):
        self.replies = list(replies)
        self.asked = []

    def endpoint(self, method):
        async def call(call, message):
            self.asked.append(message)
            return method.reply(*self.replies)

        return call


def describe(method):
    return (method.path, method.kind, method.idempotent)


def test_a_method_names_what_its_caller_must_be_allowed():
    class Grades(Service):
        @rpc(scopes=("grades:read", "grades:write"))
        async def correct(self, student: str) -> None:
            """Correct a grade."""

        @rpc
        async def count(self) -> int:
            """Count the grades."""
            return 0

    scopes = {name: method.scopes for name, method in methods_of(Grades).items()}
    assert scopes == {"correct": {"grades:read", "grades:write"}, "count": set()}


def test_methods_are_those_marked_under_their_wire_names():
    assert {name: describe(method) for name, method in methods_of(Users).items()} == {
        "get": ("/acme.v1.Users/Get", Kind.UNARY, True),
        "add_user": ("/acme.v1.Users/AddUser", Kind.UNARY, False),
        "watch_all": ("/acme.v1.Users/WatchAll", Kind.SERVER_STREAM, False),
    }


def test_the_docstring_is_said_once_and_used_from_there():
    assert methods_of(Users)["get"].doc == "Look one user up.\n\nFurther lines."


def test_an_implementation_has_its_contracts_methods():
    assert service_name(SQLUsers) == service_name(SQLUsers()) == "acme.v1.Users"
    assert methods_of(SQLUsers) == methods_of(Users)
    assert method_of(SQLUsers.get) is method_of(Users.get) is methods_of(Users)["get"]


def test_a_function_that_is_no_method_has_none():
    with pytest.raises(TypeError, match="'describe' is not marked with @rpc"):
        method_of(describe)


def test_a_service_without_a_contract_is_called_what_its_class_is_called():
    class Clock(Service):
        @rpc
        async def tell(self) -> int: ...

    assert methods_of(Clock)["tell"].path == "/Clock/Tell"


def test_a_second_mark_on_an_implementation_changes_nothing():
    class Marked(SQLUsers):
        @rpc
        async def get(self, id: int, verbose: bool = False) -> User:  # noqa: FBT001, FBT002
            return User(7)

    assert methods_of(Marked)["get"] is methods_of(Users)["get"]
    assert methods_of(Marked)["get"].idempotent


async def test_an_override_is_what_runs():
    class Loud(SQLUsers):
        async def get(self, id: int, verbose: bool = True) -> User:  # noqa: FBT001, FBT002
            return User(id, "LOUD")

    method = methods_of(Users)["get"]
    assert await Loud().routes()[method](Call(method), method.request(1)) == User(1, "LOUD")


def test_a_subclass_may_add_methods_to_the_same_service():
    class More(SQLUsers):
        @rpc
        async def drop(self, id: int) -> None: ...

    assert set(methods_of(More)) == {"get", "add_user", "watch_all", "drop"}
    assert methods_of(More)["drop"].path == "/acme.v1.Users/Drop"
    assert "drop" not in methods_of(SQLUsers)


def test_a_subclass_with_a_name_of_its_own_is_another_service():
    class Users2(SQLUsers, name="acme.v2.Users"):
        pass

    assert methods_of(Users2)["get"].path == "/acme.v2.Users/Get"
    assert methods_of(Users)["get"].path == "/acme.v1.Users/Get"
    assert {method.service for method in Users2().routes()} == {"acme.v2.Users"}
    assert method_of(SQLUsers.get) is methods_of(Users)["get"]


def test_what_a_renamed_subclass_marks_again_it_defines_anew():
    class Users2(Users, name="acme.v2.Users"):
        @rpc
        async def get(self, name: str) -> User: ...

        async def add_user(self, user: User) -> None: ...

    assert method_of(Users2.get) is methods_of(Users2)["get"]
    assert methods_of(Users2)["get"].request.__struct_fields__ == ("name",)
    assert not methods_of(Users2)["get"].idempotent
    assert method_of(Users2.add_user).path == "/acme.v2.Users/AddUser"


def test_what_implements_a_renamed_subclass_serves_under_the_new_name():
    class Users2(Users, ABC, name="acme.v2.Users"):
        pass

    class SQLUsers2(Users2):
        async def get(self, id: int, verbose: bool = False) -> User:  # noqa: FBT001, FBT002
            return User(id)

    assert service_name(SQLUsers2) == "acme.v2.Users"
    assert methods_of(SQLUsers2) == methods_of(Users2)
    assert method_of(SQLUsers2.get) is methods_of(Users2)["get"]


@pytest.mark.parametrize("helper_first", [True, False])
def test_an_implementation_keeps_its_contracts_name_whatever_else_it_inherits(helper_first):
    class Helper(Service):
        def __init__(self) -> None: ...

    class Mixed(*((Helper, SQLUsers) if helper_first else (SQLUsers, Helper))):
        pass

    assert service_name(Mixed) == "acme.v1.Users"
    assert methods_of(Mixed) == methods_of(Users)


def test_one_class_may_serve_two_contracts_under_a_name_of_its_own():
    class Clock(Service, ABC, name="acme.v1.Clock"):
        @rpc
        @abstractmethod
        async def tell(self) -> int: ...

    class Both(Users, Clock, name="acme.v1.Both"):
        pass

    assert {method.path for method in methods_of(Both).values()} == {
        *("/acme.v1.Both/Get", "/acme.v1.Both/AddUser"),
        *("/acme.v1.Both/WatchAll", "/acme.v1.Both/Tell"),
    }


def test_a_method_under_a_second_name_has_messages_of_its_own():
    class Clock(Service):
        @rpc
        async def tell(self, zone: str) -> int: ...

        ask = tell

    methods = methods_of(Clock)
    assert methods["tell"].request.__name__ == "ClockTellRequest"
    assert methods["ask"].request.__name__ == "ClockAskRequest"


def test_a_mixin_that_is_no_service_lends_its_methods():
    class Mixin:
        async def add_user(self, user: User) -> None: ...

    class Mixed(Mixin, SQLUsers):
        pass

    assert methods_of(Mixed) == methods_of(Users)


def test_what_is_not_marked_is_not_served():
    class Clock(Service):
        @rpc
        async def tell(self) -> int: ...

        async def wind(self) -> None: ...

    assert set(methods_of(Clock)) == {"tell"}


def test_an_abstract_contract_cannot_be_made_but_its_client_can():
    with pytest.raises(TypeError, match="abstract"):
        Users()
    assert isinstance(Users.client(Fake()), Users)


def test_a_client_runs_no_constructor():
    class Clock(Service):
        def __init__(self, spring):
            raise AssertionError(spring)

        @rpc
        async def tell(self) -> int: ...

    assert isinstance(Clock.client(Fake()), Clock)


async def test_arguments_are_bound_as_the_function_itself_would():
    connection = Fake(1)
    users = Users.client(connection)
    for call in (users.get(1), users.get(id=1), users.get(1, False), users.get(1, verbose=False)):
        assert await call == User(1)
    assert len({repr(asked) for asked in connection.asked}) == 1


@pytest.mark.parametrize(
    "call",
    [
        lambda users: users.get(),
        lambda users: users.get(1, True, 3),
        lambda users: users.get(1, colour="red"),
        lambda users: users.get(1, id=1),
        lambda users: users.add_user(),
        lambda users: users.add_user(User(1), User(2)),
        lambda users: users.add_user(name="ada"),
    ],
)
async def test_arguments_that_do_not_fit_are_a_type_error(call):
    connection = Fake(1)
    with pytest.raises(TypeError):
        await call(Users.client(connection))
    assert connection.asked == []


async def test_a_default_works_for_a_sole_message_too():
    class Search(Service):
        @rpc
        async def find(self, user: User = User(7)) -> None: ...  # noqa: B008

    connection = Fake()
    await Search.client(connection).find()
    assert connection.asked == [User(7)]


HINTS = [
    (User, User),
    (Point, Point),
    (Box, Box),
    (Options, Options),
    (Page[User], Page[User]),
    (Annotated[User, "a note"], Annotated[User, "a note"]),
    (None, Empty),
]


@pytest.mark.parametrize(("hint", "message"), HINTS, ids=repr)
def test_a_message_travels_as_itself(hint, message):
    class Posts(Service):
        @rpc
        async def get(self) -> hint: ...

        @rpc
        async def watch(self) -> AsyncGenerator[hint, None]:
            yield

    assert methods_of(Posts)["get"].reply == message
    assert methods_of(Posts)["watch"].reply == message
    assert methods_of(Posts)["get"].request is Empty


@pytest.mark.parametrize("hint", [int, str | None, list[User], User | None, dict[str, int]])
def test_any_other_value_travels_as_the_field_value(hint):
    class Posts(Service):
        @rpc
        async def get(self) -> hint: ...

    reply = methods_of(Posts)["get"].reply
    assert [(field.name, field.type) for field in msgspec.structs.fields(reply)] == [
        ("value", hint)
    ]
    assert reply.__name__ == "PostsGetReply"


def test_parameters_are_the_fields_of_the_request():
    request = methods_of(Users)["get"].request
    fields = [(f.name, f.type, f.default) for f in msgspec.structs.fields(request)]
    assert fields == [("id", int, msgspec.NODEFAULT), ("verbose", bool, False)]
    assert request.__name__ == "UsersGetRequest"


def test_a_sole_message_is_the_request_and_two_are_fields():
    class Posts(Service):
        @rpc
        async def one(self, user: User) -> None: ...

        @rpc
        async def two(self, user: User, point: Point) -> None: ...

        @rpc
        async def maybe(self, user: User | None) -> None: ...

    methods = methods_of(Posts)
    assert methods["one"].request is User
    assert methods["two"].request.__struct_fields__ == ("user", "point")
    assert methods["maybe"].request.__struct_fields__ == ("user",)


async def test_a_service_client_is_a_service_that_passes_calls_on():
    """Mounting a client's routes makes a relay, without a line of code."""
    relay = SQLUsers.client(Fake(3))
    method = methods_of(Users)["get"]
    assert await relay.routes()[method](Call(method), method.request(1)) == User(3)
