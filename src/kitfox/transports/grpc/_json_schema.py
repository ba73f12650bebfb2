"""Messages of others as JSON Schema, by their descriptors."""

from collections.abc import Mapping

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor

from kitfox.transports.grpc._dictionaries import is_map

Schema = Mapping[str, object]

_PLACE = "#/$defs/"

_INTEGER: Schema = {"type": "integer"}
_NUMBER: Schema = {"type": "number"}
_STRING: Schema = {"type": "string"}
_BYTES: Schema = {"type": "string", "contentEncoding": "base64"}
_BOOLEAN: Schema = {"type": "boolean"}
_OBJECT: Schema = {"type": "object"}

_SCALARS: Mapping[int, Schema] = {
    FieldDescriptor.TYPE_BOOL: _BOOLEAN,
    FieldDescriptor.TYPE_BYTES: _BYTES,
    FieldDescriptor.TYPE_DOUBLE: _NUMBER,
    FieldDescriptor.TYPE_FLOAT: _NUMBER,
    FieldDescriptor.TYPE_STRING: _STRING,
}
_WELL_KNOWN: Mapping[str, Schema] = {
    "google.protobuf.Any": _OBJECT,
    "google.protobuf.BoolValue": _BOOLEAN,
    "google.protobuf.BytesValue": _BYTES,
    "google.protobuf.DoubleValue": _NUMBER,
    "google.protobuf.Duration": {"type": "string", "description": "seconds, as in 1.5s"},
    "google.protobuf.Empty": {"title": "Empty", "type": "object", "properties": {}},
    "google.protobuf.FieldMask": _STRING,
    "google.protobuf.FloatValue": _NUMBER,
    "google.protobuf.Int32Value": _INTEGER,
    "google.protobuf.Int64Value": _INTEGER,
    "google.protobuf.ListValue": {"type": "array"},
    "google.protobuf.StringValue": _STRING,
    "google.protobuf.Struct": _OBJECT,
    "google.protobuf.Timestamp": {"type": "string", "format": "date-time"},
    "google.protobuf.UInt32Value": _INTEGER,
    "google.protobuf.UInt64Value": _INTEGER,
    "google.protobuf.Value": {},
}


class Schemas:
    """Makes schemas; `types` are those of the messages that were met, by their full names."""

    def __init__(self) -> None:
        self.types: dict[str, Schema] = {}

    def of(self, message: Descriptor) -> Schema:
        """Return the schema of a message."""
        if (known := _WELL_KNOWN.get(message.full_name)) is not None:
            return known
        if message.full_name not in self.types:
            self.types[message.full_name] = {}  # known before its fields are: one may lead back
            self.types[message.full_name] = {
                "title": message.name,
                "type": "object",
                "properties": {field.name: self._field(field) for field in message.fields},
            }
        return {"$ref": _PLACE + message.full_name}

    def _field(self, field: FieldDescriptor) -> Schema:
        if field.message_type is not None and is_map(field):
            of = self._one(field.message_type.fields_by_name["value"])
            return {"type": "object", "additionalProperties": of}
        one = self._one(field)
        return {"type": "array", "items": one} if field.is_repeated else one

    def _one(self, field: FieldDescriptor) -> Schema:
        if field.message_type is not None:
            return self.of(field.message_type)
        if field.enum_type is not None:
            return _enumeration(field.enum_type)
        return _SCALARS.get(field.type, _INTEGER)


def _enumeration(enum: EnumDescriptor) -> Schema:
    return {"title": enum.name, "enum": [value.name for value in enum.values]}
