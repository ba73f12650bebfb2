"""What users of kitfox see in their editors; checked by mypy and pyright, never run.

A line with two ignores is one that both must refuse: each complains about an ignore it needs not.
"""

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from typing import assert_type

from msgspec import Struct

from kitfox import (
    Call,
    Code,
    Connection,
    Deadline,
    DeadlineExceeded,
    Endpoint,
    Kind,
    Listener,
    Method,
    Middleware,
    NotFound,
    RPCError,
    Service,
    Through,
    chain,
    current_call,
    current_deadline,
    fail_after,
    methods_of,
    rpc,
)
from kitfox.app import Cluster, Server
from kitfox.registry import Instance, MemoryRegistry, Registrar, Resolver
from kitfox.transports.http import HTTP, HTTPConnection
from kitfox.transports.memory import Memory


class User(Struct):
    """One who may log in."""

    id: int
    name: str


class Users(Service, ABC, name="acme.v1.Users"):
    """A contract of all four kinds."""

    @rpc(idempotent=True)
    @abstractmethod
    async def get(self, id: int) -> User:
        """Look one user up."""

    @rpc
    @abstractmethod
    def watch(self, since: int = 0) -> AsyncIterator[User]:
        """Every change, as it happens."""

    @rpc
    @abstractmethod
    async def load(self, users: AsyncIterator[User]) -> int:
        """Take many users in."""

    @rpc
    @abstractmethod
    def rename(self, users: AsyncIterator[User]) -> AsyncIterator[User]:
        """Give each of them a new name."""


class Ada(Users):
    """An implementation; its reply types must be the contract's."""

    async def get(self, id: int) -> User:
        return User(id, "Ada")

    async def watch(self, since: int = 0) -> AsyncIterator[User]:
        yield User(since, "Ada")

    async def load(self, users: AsyncIterator[User]) -> int:
        return len([user async for user in users])

    async def rename(self, users: AsyncIterator[User]) -> AsyncIterator[User]:
        async for user in users:
            yield User(user.id, user.name.upper())


class Hello(Service):
    """A service that is its own contract."""

    @rpc
    async def greet(self, name: str) -> str:
        """Say hello."""
        return f"Hello, {name}!"


class Clock(Service, ABC, name="acme.v1.Clock"):
    """A contract whose stream is worth closing."""

    @rpc
    @abstractmethod
    def ticks(self) -> AsyncGenerator[int, None]:
        """One a second."""


class Half(Users):
    """An implementation that forgot most of its contract."""

    async def get(self, id: int) -> User:
        return User(id, "Ada")


class Wrong(Ada):
    """An implementation that breaks its contract."""

    async def get(self, id: str) -> User:  # type: ignore[override]  # pyright: ignore[reportIncompatibleMethodOverride]
        return User(0, id)


async def a_client_is_the_service_it_calls(connection: Connection) -> None:
    users = Users.client(connection, timeout=0.5)
    assert_type(users, Users)
    assert_type(await users.get(1), User)
    assert_type(await users.get(id=1), User)
    assert_type(users.watch(), AsyncIterator[User])
    async for user in users.watch(since=1):
        assert_type(user, User)
    assert_type(await users.load(users.watch()), int)
    assert_type(users.rename(users.watch()), AsyncIterator[User])
    assert_type(await Hello.client(connection).greet("Ada"), str)


async def a_stream_that_its_contract_calls_a_generator_can_be_closed(
    connection: Connection,
) -> None:
    async with aclosing(Clock.client(connection).ticks()) as ticks:
        async for tick in ticks:
            assert_type(tick, int)
            break
    async with aclosing(Users.client(connection).watch()):  # type: ignore[type-var]  # pyright: ignore[reportArgumentType]
        pass


async def a_wrong_call_is_refused(connection: Connection) -> None:
    users = Users.client(connection)
    await users.get("1")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await users.get()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    await users.put(1)  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
    await users.watch()  # type: ignore[misc]  # pyright: ignore[reportGeneralTypeIssues]
    Users.client(connection, 0.5)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


def a_contract_or_half_of_one_cannot_be_made() -> None:
    Users()  # type: ignore[abstract]  # pyright: ignore[reportAbstractUsage]
    Half()  # type: ignore[abstract]  # pyright: ignore[reportAbstractUsage]


def an_implementation_stands_wherever_its_contract_is_asked_for() -> None:
    def needs(users: Users) -> Mapping[Method, Endpoint]:
        return users.routes()

    assert_type(needs(Ada()), Mapping[Method, Endpoint])
    assert_type(methods_of(Users), Mapping[str, Method])
    needs(Hello())  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def middleware_takes_an_endpoint_and_gives_one(endpoint: Endpoint) -> None:
    def counted(inner: Endpoint) -> Endpoint:
        async def count(call: Call, message: object) -> object:
            assert_type(call.deadline, Deadline | None)
            return await inner(call, message)

        return count

    assert_type(chain(counted, counted)(endpoint), Endpoint)
    wrong: Middleware = chain(len)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    wrong(endpoint)


async def time_and_errors_have_types() -> None:
    async with fail_after(0.5):
        assert_type(current_deadline(), Deadline | None)
        assert_type(current_call().method, Method)
    try:
        raise NotFound("no user 7", details={"id": 7})
    except RPCError as error:
        assert_type(error.code, Code)
        assert_type(error.message, str)
        assert_type(error.details, Mapping[str, object])
    late: TimeoutError = DeadlineExceeded()
    raise late


def a_transport_is_a_listener_and_a_connection(listener: Listener, connection: Connection) -> None:
    assert_type(connection.endpoint(methods_of(Users)["get"]), Endpoint)
    assert_type(listener.kinds, frozenset[Kind])
    listener.listen(Ada().routes())
    listener.listen(Ada())  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def a_binding_names_methods_by_their_functions() -> None:
    HTTP(":0", routes={Users.get: "GET /users/{id}", Users.watch: "GET /users"})
    HTTP(":0", routes={Users.get: 7})  # type: ignore[dict-item]  # pyright: ignore[reportArgumentType]


def what_ships_with_kitfox_fulfils_its_protocols(cluster: Cluster, wrapped: Through) -> None:
    listeners: list[Listener] = [Memory(), HTTP()]
    connections: list[Connection] = [Memory(), HTTPConnection("http://a"), cluster, wrapped]
    registrar: Registrar = MemoryRegistry()
    resolvers: list[Resolver] = [MemoryRegistry()]
    assert_type(Users.client(connections[0]), Users)
    assert_type(resolvers[0].watch("acme.v1.Users"), AsyncIterator[frozenset[Instance]])
    Server(Ada(), Hello(), listeners=listeners, registrar=registrar)
    Server(Users, listeners=listeners)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
