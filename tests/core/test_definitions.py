"""Service classes that break the rules, and the words in which they are refused."""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Iterator

import msgspec
import pytest

from kitfox import DefinitionError, Service, rpc

REMEDY = "use a msgspec.Struct, dataclass, attrs class, TypedDict, or a built-in type of these"
REFUSED = []


def refused(text):
    def keep(define):
        REFUSED.append(pytest.param(define, text, id=define.__name__))
        return define

    return keep


class Cat(msgspec.Struct):
    lives: int


class Dog(msgspec.Struct):
    legs: int


class Opaque:
    pass


@refused(
    "Users.get: it is a plain `def`; write `async def`, and for work that blocks use "
    "asyncio.to_thread inside it"
)
def plain_def():
    class Users(Service):
        @rpc
        def get(self, id: int) -> str:
            return ""


@refused(
    "Users.watch: it streams its replies, so it must `yield` them (or be a plain "
    "`def` that returns the iterator)"
)
def stream_that_is_a_coroutine():
    class Users(Service):
        @rpc
        async def watch(self) -> AsyncIterator[str]:
            return iter(())


@refused("Users.get: parameter 'id' has no type hint; write e.g. `id: int`")
def no_hint():
    class Users(Service):
        @rpc
        async def get(self, id) -> str: ...


@refused("Users.get: no return type; write `-> ReplyType` (or `-> None`)")
def no_return():
    class Users(Service):
        @rpc
        async def get(self, id: int): ...


@refused("Users.get: parameter 'ids' takes any number of values; write `ids: list[…]`")
def star():
    class Users(Service):
        @rpc
        async def get(self, *ids: int) -> str: ...


@refused("Users.get: parameter 'ids' takes values of any name; write `ids: dict[str, …]`")
def double_star():
    class Users(Service):
        @rpc
        async def get(self, **ids: int) -> str: ...


@refused("Users.get: parameter 'id' can be given by name only; remove the `*` before it")
def keyword_only():
    class Users(Service):
        @rpc
        async def get(self, *, id: int) -> str: ...


@refused("Users.get: its first parameter is not `self`; put `self` before the others")
def no_self():
    class Users(Service):
        @rpc
        async def get(id: int) -> str: ...  # noqa: N805


@refused("Users.get: its first parameter is not `self`; put `self` before the others")
def no_parameter_at_all():
    class Users(Service):
        @rpc
        async def get() -> str: ...


@refused(
    "Users.put: parameters 'a' and 'b' both stream; a call has one stream of "
    "requests: make its items carry both"
)
def two_streams():
    class Users(Service):
        @rpc
        async def put(self, a: AsyncIterator[int], b: AsyncIterator[int]) -> None: ...


@refused(
    "Users.put: parameter 'a' streams, so it must be the only one: put the others "
    "into its items or into metadata"
)
def stream_and_value():
    class Users(Service):
        @rpc
        async def put(self, a: AsyncIterator[int], b: int) -> None: ...


def bare_stream():
    class Users(Service):
        @rpc
        async def put(self, a: AsyncIterator) -> None: ...


@refused(f"Users.put: parameter 'a' has a type that cannot travel: {__name__}.Opaque; {REMEDY}")
def opaque_parameter():
    class Users(Service):
        @rpc
        async def put(self, a: dict[str, list[Opaque]]) -> None: ...


@refused(f"Users.get: its reply has a type that cannot travel: {__name__}.Opaque; {REMEDY}")
def opaque_reply():
    class Users(Service):
        @rpc
        async def get(self) -> Opaque: ...


@refused(f"Users.watch: its reply has a type that cannot travel: {__name__}.Opaque; {REMEDY}")
def opaque_item():
    class Users(Service):
        @rpc
        async def watch(self) -> AsyncIterator[Opaque]:
            yield Opaque()


@refused(
    f"Users.watch: its reply has a type that cannot travel: collections.abc.Iterator; {REMEDY}"
)
def sync_iterator():
    class Users(Service):
        @rpc
        async def watch(self) -> Iterator[int]: ...


@refused(
    "Users.get: parameter 'ids' has the default [1], which all calls would share; "
    "use a tuple, None, or an empty one"
)
def mutable_default():
    class Users(Service):
        @rpc
        async def get(self, ids: list[int] = [1]) -> str: ...  # noqa: B006


@refused(
    "Users.get: the hint 'Missing' is not known here; define or import it above the "
    "class, at module level and not under TYPE_CHECKING"
)
def unknown_hint():
    class Users(Service):
        @rpc
        async def get(self, id: "Missing") -> str: ...  # noqa: F821


@refused(
    "Users.get: a hint cannot be read: type object 'ABC' has no attribute 'D'; "
    "write it without quotes"
)
def hint_that_is_no_type():
    class Users(Service):
        @rpc
        async def get(self, id: "ABC.D") -> str: ...


@refused("Users.größe: not every wire carries such a name; write it in ASCII")
def method_outside_ascii():
    class Users(Service):
        @rpc
        async def größe(self) -> str: ...  # noqa: PLC2401


@refused("Benützer: 'Benützer' is no service name; write e.g. name=\"acme.v1.Users\"")
def class_outside_ascii():
    class Benützer(Service):  # noqa: PLC2401
        @rpc
        async def get(self) -> str: ...


@refused("SQLUsers.get: parameter 'id' has no type hint; write e.g. `id: int`")
def the_class_is_named_and_not_its_service():
    class SQLUsers(Service, name="acme.v1.Users"):
        @rpc
        async def get(self, id) -> str: ...


@refused("Users: 'acme users' is no service name; write e.g. name=\"acme.v1.Users\"")
def bad_name():
    class Users(Service, name="acme users"):
        pass


@refused("Users.routes: every service has a 'routes' already; rename it")
def taken_name():
    class Users(Service):
        @rpc
        async def routes(self) -> str: ...


@refused("Users._get: a name with `_` is private; rename it or remove @rpc")
def private_name():
    class Users(Service):
        @rpc
        async def _get(self) -> str: ...


@refused("Users: 'get_x' and 'getX' are both 'GetX' on the wire; rename one of them")
def one_name_on_the_wire():
    class Users(Service):
        @rpc
        async def get_x(self) -> str: ...
        @rpc
        async def getX(self) -> str: ...  # noqa: N802


@refused("Users.get: found 'staticmethod'; write a method, `async def get(self, …)`")
def static():
    class Users(Service):
        @rpc
        @staticmethod
        async def get() -> str: ...


@refused("Users.get: found 'staticmethod'; write a method, `async def get(self, …)`")
def static_the_other_way_round():
    class Users(Service):
        @staticmethod
        @rpc
        async def get() -> str: ...


@refused("Users.get: found 'classmethod'; write a method, `async def get(self, …)`")
def of_the_class():
    class Users(Service):
        @classmethod
        @rpc
        async def get(cls) -> str: ...


class Contract(Service, ABC, name="acme.v1.Users"):
    @rpc
    @abstractmethod
    async def get(self, id: int) -> str: ...


class Other(Service, ABC, name="acme.v1.Groups"):
    @rpc
    @abstractmethod
    async def list(self) -> str: ...


@refused("SQLUsers.get: is (name), unary; make it (id), unary, as acme.v1.Users promises")
def other_parameters():
    class SQLUsers(Contract):
        async def get(self, name: str) -> str: ...


@refused("SQLUsers.get: is (id), server_stream; make it (id), unary, as acme.v1.Users promises")
def other_kind():
    class SQLUsers(Contract):
        async def get(self, id: int) -> AsyncIterator[str]:
            yield ""


@refused("SQLUsers.get: parameter 'id' has no type hint; write e.g. `id: int`")
def no_hints_in_the_implementation():
    class SQLUsers(Contract):
        async def get(self, id): ...


@refused("SQLUsers.get: found 'int'; write a method, `async def get(self, …)`")
def attribute_instead():
    class SQLUsers(Contract):
        get = 5


@refused("SQLUsers.get: is (name), unary; make it (id), unary, as acme.v1.Users promises")
def from_a_mixin():
    class Mixin:
        async def get(self, name: str) -> str: ...

    class SQLUsers(Mixin, Contract):
        pass


@refused("Both: implements acme.v1.Groups and acme.v1.Users; write a class for each")
def two_contracts():
    class Both(Contract, Other):
        pass


@pytest.mark.parametrize(("define", "text"), REFUSED)
def test_a_class_that_breaks_the_rules_is_refused_in_these_words(define, text):
    with pytest.raises(DefinitionError) as refusal:
        define()
    assert str(refusal.value) == text


def test_a_stream_of_no_type_is_refused():
    with pytest.raises(DefinitionError, match=r"put: parameter 'a' "):
        bare_stream()


def test_a_union_that_no_codec_could_tell_apart_is_refused():
    with pytest.raises(DefinitionError, match=r"put: parameter 'a' .*must be tagged"):

        class Pets(Service):
            @rpc
            async def put(self, a: Cat | Dog) -> None: ...


def test_a_refusal_is_a_type_error():
    assert issubclass(DefinitionError, TypeError)
