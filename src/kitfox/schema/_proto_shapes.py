"""What a protobuf file says: messages, enums and services, as values without protobuf itself."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

from kitfox.core import Method


@dataclass(frozen=True, slots=True)
class Scalar:
    """A number, a truth value, a text or bytes. One that is `spelt` is a text in protobuf only."""

    proto: str
    spelt: bool = False


@dataclass(frozen=True, slots=True)
class WellKnown:
    """One of protobuf's own messages, such as `google.protobuf.Timestamp`."""

    name: str


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of an enum: its label, its number, and the value that Python knows it by."""

    label: str
    number: int
    value: object


@dataclass(frozen=True, slots=True)
class Enumeration:
    """An enum. Its first choice has the number 0, and the value None if no member has it."""

    name: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class Many:
    """A list, a set or a tuple of any length."""

    item: "Singular"


@dataclass(frozen=True, slots=True)
class Table:
    """A mapping."""

    key: Scalar
    value: "Singular"


@dataclass(frozen=True, slots=True)
class Box:
    """A message made for a collection that must be told from none, or stands in another."""

    name: str
    inner: Many | Table


@dataclass(frozen=True, slots=True)
class Member:
    """One of a union's alternatives, and the Python types that it is for."""

    name: str
    number: int
    shape: "Singular"
    kinds: tuple[type, ...]


@dataclass(frozen=True, slots=True)
class Union:
    """A message with one oneof. With none of its members set it stands for None."""

    name: str
    members: tuple[Member, ...]


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a record.

    `key` is its name in a codec's terms, `attribute` in Python's. `optional` says that its absence
    is told from zero or nothing, `nullable` that absence is how None travels, `required` that it
    must be given. `default` makes what Python takes otherwise, if it takes anything.
    """

    name: str
    number: int
    key: str
    attribute: str
    shape: "Shape"
    optional: bool
    nullable: bool
    required: bool
    default: Callable[[], object] | None = None


class Access(Enum):
    """How the fields of a value are reached."""

    ATTRIBUTE = "attribute"
    KEY = "key"
    INDEX = "index"


@dataclass(eq=False, slots=True)
class Record:
    """The message of a type with fields; these are filled in later, for they may lead back here.

    `access` says how Python reaches the fields. A `sequence` is one to the codecs, whatever it is
    in Python. `tag` is the key and the value by which the codecs know it among others of a union.
    """

    name: str
    doc: str = ""
    access: Access = Access.ATTRIBUTE
    sequence: bool = False
    tag: tuple[str, object] | None = None
    fields: tuple[Field, ...] = field(default=())


Message = Record | Union | Box
Singular = Scalar | WellKnown | Enumeration | Record | Union | Box
Shape = Singular | Many | Table


@dataclass(frozen=True, slots=True)
class ProtoMethod:
    """A method and its two messages."""

    method: Method
    request: Record | WellKnown
    reply: Record | WellKnown


@dataclass(frozen=True, slots=True)
class ProtoFile:
    """What one file says: the services of one package and all that they need."""

    package: str
    methods: tuple[ProtoMethod, ...]
    messages: tuple[Message, ...]
    enumerations: tuple[Enumeration, ...]

    @property
    def name(self) -> str:
        """The file's name, `acme/v1.proto` for the package `acme.v1`."""
        return f"{self.package.replace('.', '/') or 'services'}.proto"

    def full(self, name: str) -> str:
        """Return the name of something in this file with the package before it."""
        return f"{self.package}.{name}" if self.package else name

    def services(self) -> dict[str, list[ProtoMethod]]:
        """Return the methods by the full name of their service."""
        found: dict[str, list[ProtoMethod]] = {}
        for each in self.methods:
            found.setdefault(each.method.service, []).append(each)
        return found
