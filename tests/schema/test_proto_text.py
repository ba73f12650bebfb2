"""The .proto file says what the descriptors say, and protoc reads it."""

import enum
import keyword
import typing as t
from collections.abc import AsyncIterator

import msgspec
import pytest
from google.protobuf import descriptor_pb2
from grpc_tools import protoc

from kitfox.core import DefinitionError, Kind, Method, Service, methods_of, rpc
from kitfox.schema import Tag, proto_of
from kitfox.schema.protobuf import ProtobufMessages, file_descriptor, proto_files

WORDS = """
bool bytes double enum extend extensions float import int64 map max message oneof option optional
package public repeated required reserved returns rpc service stream string syntax to true weak
group inf nan
"""


def messages(*types):
    """Give methods that take these messages."""
    return [
        Method("acme.v1.Service", f"Do{number}", Kind.UNARY, each, each)
        for number, each in enumerate(types)
    ]


@pytest.fixture
def compiled(tmp_path):
    """Give what protoc makes of a text; it must find nothing to complain about."""

    def compile_(text):
        (tmp_path / "a.proto").write_text(text)
        made = tmp_path / "set"
        own = f"-I{protoc.__file__.rpartition('/')[0]}/_proto"
        code = protoc.main(["", own, f"-I{tmp_path}", f"--descriptor_set_out={made}", "a.proto"])
        assert code == 0, text
        found = descriptor_pb2.FileDescriptorSet.FromString(made.read_bytes())
        return found.file[0]

    return compile_


def said(file):
    """Give a descriptor without its name and the names in JSON, which protoc always fills in."""
    found = descriptor_pb2.FileDescriptorProto.FromString(file.SerializeToString())
    found.ClearField("name")
    for message in found.message_type:
        for each in (message, *message.nested_type):
            for field in each.field:
                field.ClearField("json_name")
    return str(found).splitlines()


class Role(enum.Enum):
    READER = "reader"
    EDITOR = "editor"


class Level(enum.IntEnum):
    LOW = -3
    NONE = 0


class User(msgspec.Struct):
    """Somebody who may log in.

    /* Not the end. */
    """

    id: int
    role: Role | None = None
    names: list[str] = []
    spare: list[str] | None = None
    by_day: dict[int, list[Level]] = {}
    either: "int | User" = 0
    place: tuple[float, float] = (0.0, 0.0)


class Users(Service, name="acme.v1.Users"):
    @rpc(idempotent=True)
    async def get(self, id: int) -> User:
        """Look one user up.

        NOT_FOUND when there is none.
        """
        raise NotImplementedError

    @rpc
    async def user(self, user: User) -> None:
        raise NotImplementedError

    @rpc
    async def watch(self) -> AsyncIterator[User]:
        yield User(1)

    @rpc
    async def add(self, users: AsyncIterator[User]) -> int:
        raise NotImplementedError

    @rpc
    async def talk(self, lines: AsyncIterator[str]) -> AsyncIterator[str]:
        yield ""


def test_protoc_reads_in_the_text_what_the_descriptor_says(compiled):
    methods = list(methods_of(Users).values())
    (file,) = proto_files(methods)
    assert said(compiled(proto_of(methods))) == said(file_descriptor(file))


def test_a_service_is_described_by_its_types_and_its_words():
    text = proto_of(methods_of(Users).values())
    assert "// Look one user up.\n  //\n  // NOT_FOUND when there is none.\n  rpc Get(" in text
    assert "  rpc Talk(stream UsersTalkRequest) returns (stream UsersTalkReply);\n" in text
    assert "\n// Somebody who may log in.\n//\n// /* Not the end. */\nmessage User {\n" in text


def test_the_same_methods_have_the_same_text():
    methods = methods_of(Users).values()
    assert proto_of(methods) == proto_of(methods)


def test_any_word_may_be_a_fields_name(compiled):
    names = [name for name in WORDS.split() if not keyword.iskeyword(name)]
    struct = msgspec.defstruct("Wordy", [(name, int) for name in names])
    assert len(compiled(proto_of(messages(struct))).message_type[0].field) == len(names)


def test_a_name_that_protobuf_cannot_write_is_kept_for_json(compiled):
    struct = msgspec.defstruct("Odd", [("one", int), ("two", int)], rename={"two": "a b-ü"})
    field = compiled(proto_of(messages(struct))).message_type[0].field[1]
    assert (field.name, field.json_name) == ("field_2", "a b-ü")


def test_a_class_without_an_ascii_name_has_one_in_protobuf(compiled):
    struct = msgspec.defstruct("Ключ", [("one", int)])
    other = msgspec.defstruct("9", [("one", int)])
    assert len(compiled(proto_of(messages(struct, other))).message_type) == 2


def test_two_classes_of_one_name_are_told_apart_by_their_modules(compiled):
    one = msgspec.defstruct("User", [("one", int)], module="first")
    two = msgspec.defstruct("User", [("two", int)], module="second.part")
    found = compiled(proto_of(messages(one, two)))
    assert [each.name for each in found.message_type] == ["User", "SecondPartUser"]


def test_a_class_is_not_mistaken_for_the_service(compiled):
    struct = msgspec.defstruct("Service", [("one", int)], module="acme")
    assert compiled(proto_of(messages(struct))).message_type[0].name == "AcmeService"


def test_enums_whose_labels_would_be_the_same_are_told_apart(compiled):
    one = enum.Enum("Role", {"A_B": "x", "a_b": "y"})
    two = enum.Enum("RoleA", {"B": "z"})
    struct = msgspec.defstruct("Both", [("one", one), ("two", two)])
    found = compiled(proto_of(messages(struct)))
    labels = [value.name for each in found.enum_type for value in each.value]
    assert len(set(labels)) == 5


def test_the_numbers_of_an_enum_are_its_values_or_its_places():
    struct = msgspec.defstruct("Both", [("role", Role), ("level", Level)])
    text = proto_of(messages(struct))
    assert "ROLE_UNSPECIFIED = 0;\n  ROLE_READER = 1;\n  ROLE_EDITOR = 2;" in text
    assert "LEVEL_NONE = 0;\n  LEVEL_LOW = -3;" in text


class Pinned(msgspec.Struct):
    id: t.Annotated[int, Tag(7)]
    name: str
    note: t.Annotated[str | None, Tag(1)] = None


def test_a_tag_pins_a_number_and_leaves_the_others_their_places():
    text = proto_of(messages(Pinned))
    assert "int64 id = 7;" in text
    assert "string name = 2;" in text
    assert "optional string note = 1;" in text


def test_a_parameter_may_have_a_tag():
    class Tagged(Service, name="acme.v1.Tagged"):
        @rpc
        async def get(self, id: t.Annotated[int, Tag(5)], name: str = "") -> None:
            raise NotImplementedError

    text = proto_of(methods_of(Tagged).values())
    assert "int64 id = 5;\n  optional string name = 2;" in text


def test_a_pinned_number_is_the_one_on_the_wire():
    (file,) = proto_files(messages(Pinned))
    encode = ProtobufMessages(file).encoder(Pinned)
    assert encode(Pinned(1, "a")) == b"\x12\x01a\x38\x01"


@pytest.mark.parametrize(
    ("tags", "problem"),
    [
        ((2, None), "'a' has the number 2, too"),
        ((0, None), "no field number 0"),
        ((19_500, None), "no field number 19500"),
        ((1 << 29, None), "no field number 536870912"),
    ],
)
def test_a_number_that_cannot_be_is_refused(tags, problem):
    fields = [("a", t.Annotated[int, Tag(tags[0])]), ("b", int)]
    with pytest.raises(DefinitionError, match=problem):
        proto_of(messages(msgspec.defstruct("Bad", fields)))


def test_a_map_without_texts_or_numbers_for_keys_is_refused():
    struct = msgspec.defstruct("Bad", [("by_place", dict[tuple[int, int], str])])
    with pytest.raises(DefinitionError, match=r"BadByPlace: .*keys in protobuf"):
        proto_of(messages(struct))


def test_members_of_a_union_that_have_one_name_are_refused():
    one = msgspec.defstruct("One", [], tag="1", module="first")
    two = msgspec.defstruct("One", [], tag="2", module="second")
    with pytest.raises(DefinitionError, match="both 'one'; rename"):
        proto_of(messages(msgspec.defstruct("Bad", [("either", one | two)])))


def test_two_fields_that_are_one_in_protobufs_json_are_refused():
    struct = msgspec.defstruct("Bad", [("a_b", int), ("aB", int)])
    with pytest.raises(DefinitionError, match="'a_b' and 'aB' are both 'aB'"):
        proto_of(messages(struct))


def test_one_file_is_of_one_package():
    one = Method("acme.v1.Users", "Get", Kind.UNARY, User, User)
    two = Method("acme.v2.Users", "Get", Kind.UNARY, User, User)
    with pytest.raises(ValueError, match=r"acme\.v1, acme\.v2"):
        proto_of([one, two])


def test_a_service_without_a_package_has_a_file_without_one(compiled):
    method = Method("Users", "User", Kind.UNARY, User, User)
    assert not compiled(proto_of([method])).package


def test_a_new_member_of_a_union_moves_no_number():
    class A(msgspec.Struct, tag=True):
        x: int

    class B(msgspec.Struct, tag=True):
        y: int

    class C(msgspec.Struct, tag=True):
        z: int

    before = msgspec.defstruct("M", [("one", A | B), ("two", int)])
    after = msgspec.defstruct("M", [("one", A | B | C), ("two", int)])
    added = set(proto_of(messages(after)).splitlines()) - set(
        proto_of(messages(before)).splitlines()
    )
    assert added == {"message C {", "  int64 z = 1;", "    C c = 3;"}
