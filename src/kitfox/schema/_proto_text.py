"""The text of a .proto file, for those who make stubs from it. Pure.

https://protobuf.dev/reference/protobuf/proto3-spec/
"""

from collections.abc import Iterable, Iterator, Sequence

from kitfox.core import Method
from kitfox.schema._json_schema import json_text
from kitfox.schema._proto_lines import ONEOF, Line, imports_of, lines_of
from kitfox.schema._proto_plan import proto_files
from kitfox.schema._proto_shapes import (
    Enumeration,
    Many,
    Message,
    ProtoFile,
    ProtoMethod,
    Record,
    Scalar,
    Shape,
    Singular,
    Table,
    Union,
)


def proto_of(methods: Iterable[Method]) -> str:
    """Return the .proto file of some methods; it is what a gRPC listener serves them by.

    Raises:
        DefinitionError: protobuf cannot carry a type.
        ValueError: the methods are not of one package, or there are none.
    """
    files = proto_files(methods)
    if len(files) != 1:
        packages = ", ".join(sorted(file.package or "none" for file in files))
        raise ValueError(f"a .proto file is of one package, but the methods are of: {packages}")
    return "\n".join(_file(files[0]))


def _file(file: ProtoFile) -> Iterator[str]:
    yield 'syntax = "proto3";\n'
    if file.package:
        yield f"package {file.package};\n"
    if imports := imports_of(file):
        yield "".join(f"import {json_text(each)};\n" for each in imports)
    for name, methods in file.services().items():
        yield from _block(f"service {name.rpartition('.')[2]}", _methods(methods, file))
    for message in file.messages:
        doc = message.doc if isinstance(message, Record) else ""
        yield from _comment(doc)
        yield from _block(f"message {message.name}", _message(message))
    for each in file.enumerations:
        yield from _block(f"enum {each.name}", _choices(each))


def _block(head: str, parts: Iterable[str]) -> Iterator[str]:
    """Yield what stands in braces; each part may be of several lines."""
    yield f"{head} {{"
    for part in parts:
        yield from (f"  {line}" for line in part.splitlines())
    yield "}\n"


def _comment(doc: str) -> Iterator[str]:
    return (f"// {line}".rstrip() for line in doc.splitlines())


def _methods(methods: Sequence[ProtoMethod], file: ProtoFile) -> Iterator[str]:
    hidden = {each.method.name for each in methods}  # in a service its methods' names come first
    for each in methods:
        request, reply = (
            f".{file.full(shape.name)}" if shape.name in hidden else shape.name
            for shape in (each.request, each.reply)
        )
        yield "\n".join([*_comment(each.method.doc), _method(each.method, request, reply)])


def _method(method: Method, request: str, reply: str) -> str:
    takes = f"stream {request}" if method.kind.streams_requests else request
    gives = f"stream {reply}" if method.kind.streams_replies else reply
    head = f"rpc {method.name}({takes}) returns ({gives})"
    option = "option idempotency_level = IDEMPOTENT;"
    return f"{head} {{\n  {option}\n}}" if method.idempotent else f"{head};"


def _message(message: Message) -> Iterator[str]:
    fields = map(_field, lines_of(message))
    return _block(f"oneof {ONEOF}", fields) if isinstance(message, Union) else fields


def _field(line: Line) -> str:
    options = f" [json_name = {json_text(line.json)}]" if line.json else ""
    word = _type(line.shape)
    optional = "optional " if line.optional else ""
    return f"{optional}{word} {line.name} = {line.number}{options};"


def _type(shape: Shape) -> str:
    match shape:
        case Many():
            return f"repeated {_word(shape.item)}"
        case Table():
            return f"map<{_word(shape.key)}, {_word(shape.value)}>"
        case _:
            return _word(shape)


def _word(shape: Singular) -> str:
    return shape.proto if isinstance(shape, Scalar) else shape.name


def _choices(enumeration: Enumeration) -> Iterator[str]:
    return (f"{choice.label} = {choice.number};" for choice in enumeration.choices)
