"""Descriptors made at run time: what protoc would make of the file's text."""

from collections.abc import Mapping
from typing import Final

from google.protobuf import (
    descriptor_pb2,
    descriptor_pool,
    duration_pb2,
    empty_pb2,
    struct_pb2,
    timestamp_pb2,
)

from kitfox.schema._proto_lines import ONEOF, Line, imports_of, lines_of, singulars, type_word
from kitfox.schema._proto_names import camel
from kitfox.schema._proto_shapes import (
    Enumeration,
    Many,
    Message,
    ProtoFile,
    ProtoMethod,
    Scalar,
    Singular,
    Table,
    Union,
)

_Field = descriptor_pb2.FieldDescriptorProto
_SCALARS: Final[Mapping[str, _Field.Type.ValueType]] = {
    "bool": _Field.TYPE_BOOL,
    "bytes": _Field.TYPE_BYTES,
    "double": _Field.TYPE_DOUBLE,
    "int64": _Field.TYPE_INT64,
    "string": _Field.TYPE_STRING,
}
_OWN: Final = (timestamp_pb2, duration_pb2, struct_pb2, empty_pb2)


def pool_of(file: ProtoFile) -> descriptor_pool.DescriptorPool:
    """Return a pool with this file and what it refers to."""
    pool = descriptor_pool.DescriptorPool()
    for module in _OWN:
        pool.AddSerializedFile(module.DESCRIPTOR.serialized_pb)
    pool.Add(file_descriptor(file))
    return pool


def file_descriptor(file: ProtoFile) -> descriptor_pb2.FileDescriptorProto:
    """Return the descriptor of a file."""
    return descriptor_pb2.FileDescriptorProto(
        name=file.name,
        package=file.package,
        syntax="proto3",
        dependency=imports_of(file),
        message_type=[_message(message, file) for message in file.messages],
        enum_type=[_enum(each) for each in file.enumerations],
        service=[
            descriptor_pb2.ServiceDescriptorProto(
                name=name.rpartition(".")[2], method=[_method(each, file) for each in methods]
            )
            for name, methods in file.services().items()
        ],
    )


def _method(each: ProtoMethod, file: ProtoFile) -> descriptor_pb2.MethodDescriptorProto:
    kind = each.method.kind
    level = descriptor_pb2.MethodOptions.IdempotencyLevel
    options = descriptor_pb2.MethodOptions(idempotency_level=level.Value("IDEMPOTENT"))
    return descriptor_pb2.MethodDescriptorProto(
        name=each.method.name,
        input_type=f".{type_word(each.request, file)}",
        output_type=f".{type_word(each.reply, file)}",
        client_streaming=kind.streams_requests or None,  # protoc, too, says true or nothing
        server_streaming=kind.streams_replies or None,
        options=options if each.method.idempotent else None,
    )


def _enum(each: Enumeration) -> descriptor_pb2.EnumDescriptorProto:
    return descriptor_pb2.EnumDescriptorProto(
        name=each.name,
        value=[
            descriptor_pb2.EnumValueDescriptorProto(name=choice.label, number=choice.number)
            for choice in each.choices
        ],
    )


def _message(message: Message, file: ProtoFile) -> descriptor_pb2.DescriptorProto:
    made = descriptor_pb2.DescriptorProto(name=message.name)
    if isinstance(message, Union):
        made.oneof_decl.add(name=ONEOF)
    for line in lines_of(message):
        field = made.field.add()
        _describe(field, line, file)
        if isinstance(message, Union):
            field.oneof_index = 0
        elif line.optional:
            field.proto3_optional = True
            field.oneof_index = len(made.oneof_decl)
            made.oneof_decl.add(name=f"_{line.name}")
        if isinstance(line.shape, Table):
            entry = f"{camel(line.name)}Entry"
            made.nested_type.append(_entry(entry, line.shape, file))
            field.type_name = f".{file.full(message.name)}.{entry}"
    return made


def _describe(field: _Field, line: Line, file: ProtoFile) -> None:
    field.name, field.number = line.name, line.number
    repeated = isinstance(line.shape, Many | Table)
    field.label = _Field.LABEL_REPEATED if repeated else _Field.LABEL_OPTIONAL
    if line.json:
        field.json_name = line.json
    if isinstance(line.shape, Table):
        field.type = _Field.TYPE_MESSAGE
    else:
        _set_type(field, next(singulars(line.shape)), file)


def _set_type(field: _Field, shape: Singular, file: ProtoFile) -> None:
    if isinstance(shape, Scalar):
        field.type = _SCALARS[shape.proto]
        return
    enum = isinstance(shape, Enumeration)
    field.type = _Field.TYPE_ENUM if enum else _Field.TYPE_MESSAGE
    field.type_name = f".{type_word(shape, file)}"


def _entry(name: str, table: Table, file: ProtoFile) -> descriptor_pb2.DescriptorProto:
    """Return what a map is to the wire: the message of one of its entries."""
    made = descriptor_pb2.DescriptorProto(name=name)
    made.options.map_entry = True
    for line in (Line("key", 1, table.key), Line("value", 2, table.value)):
        _describe(made.field.add(), line, file)
    return made
