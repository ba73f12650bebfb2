"""Two services with a bit of everything, and how they are bound to HTTP."""

import datetime as dt
import enum
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Generic, TypedDict, TypeVar

import attrs
import msgspec
import pytest

from kitfox.core import Service, methods_of, rpc
from kitfox.schema import Operation, openapi

T = TypeVar("T")
Id = Annotated[int, msgspec.Meta(ge=1, description="The key of a `User`")]


class Role(enum.Enum):
    """What a user may do."""

    READER = "reader"
    EDITOR = "editor"


class User(msgspec.Struct):
    """Somebody who may log in."""

    id: Id
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=50)]
    born: dt.date | None = None
    role: Role = Role.READER


class Page(msgspec.Struct, Generic[T]):
    """A part of a longer list."""

    items: list[T]
    next: str | None = None


@dataclass
class Grade:
    """A mark."""

    score: Annotated[float, msgspec.Meta(ge=0, le=100)]


@attrs.define
class Token:
    secret: bytes
    expires: dt.datetime


class Filter(TypedDict, total=False):
    """What to look for."""

    name: str
    roles: list[Role]


class Folder(msgspec.Struct):
    """A folder has folders."""

    name: str
    folders: list["Folder"] = []


class Circle(msgspec.Struct, tag="circle"):
    radius: Annotated[float, msgspec.Meta(gt=0)]


class Square(msgspec.Struct, tag="square"):
    side: float


class Users(Service, name="acme.v1.Users"):
    """Who may log in."""

    @rpc(idempotent=True)
    async def get(self, id: Id, fields: list[str] | None = None) -> User:
        """Look one user up.

        Only `fields` are filled when they are named.

        NOT_FOUND when there is none.
        """
        raise NotImplementedError

    @rpc(idempotent=True)
    async def search(self, filter: Filter) -> Page[User]:
        """Find users <by> "what" they are."""
        raise NotImplementedError

    @rpc
    async def rename(self, id: Id, name: str, note: str = "") -> None:
        """Give a user another name."""

    @rpc
    async def watch(self) -> AsyncIterator[User]:
        """Every change, as it happens."""
        yield User(1, "ada")

    @rpc
    async def log_in(self, user: uuid.UUID, password: str) -> Token:
        raise NotImplementedError


class Shapes(Service, name="acme.v1.Shapes"):
    @rpc
    async def area(self, shape: Circle | Square) -> float:
        raise NotImplementedError

    @rpc
    async def grade(self, grade: Grade) -> dict[str, tuple[int, str]]:
        raise NotImplementedError

    @rpc
    async def tree(self) -> Folder:
        raise NotImplementedError


def posted(method):
    return Operation(method, "POST", method.path)


@pytest.fixture
def operations():
    users, shapes = methods_of(Users), methods_of(Shapes)
    return [
        Operation(users["get"], "GET", "/users/{id}", ("id",), ("fields",), body=False),
        Operation(users["rename"], "PUT", "/users/{id}", ("id",), (), body=True),
        *(posted(users[name]) for name in ("search", "watch", "log_in")),
        *map(posted, shapes.values()),
    ]


@pytest.fixture
def document(operations):
    return openapi("School <1>", "1.2", operations)
