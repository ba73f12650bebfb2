"""Messages as protobuf, from the types alone: no code is generated. Needs `kitfox[grpc]`.

    for file in proto_files(methods):                # one for each package
        messages = ProtobufMessages(file)
        encode = messages.encoder(method.reply)      # bytes, or TypeError
        decode = messages.decoder(method.request)    # a message, or msgspec.DecodeError
        file_descriptor(file)                        # for reflection

Both errors end as msgspec's do, with the path of the field at fault: "… - at `$.items[0].id`".
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Any, cast

import msgspec
from google.protobuf import message_factory
from google.protobuf.message import DecodeError, EncodeError, Message

from kitfox.schema._proto_plan import proto_files
from kitfox.schema._proto_shapes import ProtoFile, Record, WellKnown
from kitfox.schema._protobuf_descriptors import file_descriptor, pool_of
from kitfox.schema._protobuf_fault import Fault
from kitfox.schema._protobuf_read import Readers
from kitfox.schema._protobuf_write import Writers

__all__ = ["ProtoFile", "ProtobufMessages", "file_descriptor", "proto_files"]


class ProtobufMessages:
    """Writes and reads the messages of one file. What does so is compiled when it is asked for."""

    def __init__(self, file: ProtoFile) -> None:
        self._file = file
        self._pool = pool_of(file)
        self._writers = Writers()
        self._readers = Readers()
        self._shapes: dict[type, Record | WellKnown] = {}
        for each in file.methods:
            self._shapes[each.method.request] = each.request
            self._shapes[each.method.reply] = each.reply

    def encoder(self, message: type) -> Callable[[object], bytes]:
        """Return what writes messages of one type; it raises TypeError for what is none."""
        make, fill = self._class(message), self._writers.fill(self._shapes[message])

        def encode(value: object) -> bytes:
            made = make()
            try:
                fill(made, value)
                return made.SerializeToString()
            except (EncodeError, Fault, RecursionError) as error:
                raise TypeError(_told(value, message) or str(error)) from error

        return encode

    def decoder(self, message: type) -> Callable[[bytes], object]:
        """Return what reads messages of one type; it raises msgspec.DecodeError."""
        make, shape = self._class(message), self._shapes[message]
        read = self._readers.message(shape)

        def decode(body: bytes) -> object:
            made = make()
            try:
                made.ParseFromString(body)
                plain = read(made)
            except (DecodeError, Fault) as error:
                raise msgspec.DecodeError(str(error)) from None
            return cast("object", msgspec.convert(plain, message))

        return decode

    def _class(self, message: type) -> Callable[[], Message]:
        shape = self._shapes[message]
        name = shape.name if isinstance(shape, WellKnown) else self._file.full(shape.name)
        return message_factory.GetMessageClass(self._pool.FindMessageTypeByName(name))


def _told(value: object, message: type) -> str:
    """Return what msgspec says is wrong with a value, in better words than protobuf's, if it does.

    It finds nothing wrong with what only protobuf cannot hold, as an int of more than 64 bits.
    """
    with suppress(AttributeError, RecursionError, TypeError, ValueError):
        plain: Any = msgspec.to_builtins(value)
        try:
            msgspec.convert(plain, message)
        except msgspec.ValidationError as error:
            return str(error)
    return ""
