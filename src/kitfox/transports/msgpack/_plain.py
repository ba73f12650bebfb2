"""Calls by those who know the public MessagePack-RPC specification only.

Their parameters are the request's fields in order, or, when the only one is a map, by name. Their
result is the reply: the value itself when the reply has the one field `value`, nil when it has
none. Only unary methods can be called so.
"""

from collections.abc import Callable, Mapping
from typing import cast

import msgspec
from msgspec.inspect import DataclassType, StructType, TypedDictType, type_info

from kitfox.core import (
    Code,
    InvalidArgument,
    Method,
    RPCError,
    Unavailable,
    Unimplemented,
)
from kitfox.multiplex import Failure, Frame, Link, Refused, Reply, Request, ServerEnd, Services
from kitfox.transports.msgpack._frames import PlainReply, PlainRequest
from kitfox.transports.msgpack._stream import Stream

OpenEnd = Callable[[Link], ServerEnd]

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder().decode


class PlainMethods:
    """What a listener's methods look like to a plain caller; shared by all its links."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._fields: dict[type, tuple[str, ...]] = {}

    def find(self, path: str) -> Method:
        """Return the unary method of that name; raise Unimplemented when there is none."""
        if (served := self._services.find(path)) is None:
            raise Unimplemented(f"there is no method {path}")
        kind = served.method.kind
        if kind.streams_requests or kind.streams_replies:
            text = f"{path} streams, which the plain protocol cannot carry"
            raise Unimplemented(text)
        return served.method

    def request(self, method: Method, params: list[object]) -> bytes:
        """Return the request that some parameters are; raise InvalidArgument."""
        if len(params) == 1 and isinstance(params[0], Mapping):
            return self._encoded(cast("object", params[0]))
        names = self._names(method.request)
        if len(params) > len(names):
            raise InvalidArgument(f"{len(params)} parameters; there are {len(names)} at most")
        return self._encoded(dict(zip(names, params, strict=False)))

    def result(self, method: Method, body: bytes | None) -> object:
        """Return what a plain caller gets for a reply."""
        names = self._names(method.reply)
        if not body or not names:
            return None
        reply: object = _decode(body)
        if names == ("value",) and isinstance(reply, Mapping):
            return cast("Mapping[str, object]", reply)["value"]
        return reply

    def _names(self, message: type) -> tuple[str, ...]:
        if message not in self._fields:
            self._fields[message] = _field_names(message)
        return self._fields[message]

    def _encoded(self, fields: object) -> bytes:
        return _encode(fields)


def _field_names(message: type) -> tuple[str, ...]:
    info = type_info(message)
    if not isinstance(info, StructType | DataclassType | TypedDictType):  # core allows no other
        raise TypeError(message)
    return tuple(field.encode_name for field in info.fields)


class PlainEnd:
    """The plain calls of one connection: a link of their own, so that numbers never meet.

    A call that wants no answer gets a negative number, which no frame can have.
    """

    def __init__(self, link: Stream, methods: PlainMethods, open_end: OpenEnd) -> None:
        self._link = link
        self._methods = methods
        self._running: dict[int, Method] = {}
        self._unanswered = 0
        self.peer, self.identity = link.peer, link.identity
        self.writable, self.close = link.writable, link.close
        self._end = open_end(self)

    def receive(self, frame: PlainRequest) -> None:
        """Begin a call; raise BadFrame when its number is taken."""
        number = self._number(frame)
        try:
            method = self._methods.find(frame.path)
            body = self._methods.request(method, frame.params)
        except RPCError as error:
            self._answer(PlainReply(number, plain_error(error), None))
            return
        self._running.setdefault(number, method)
        self._end.receive(Request(number, frame.path, body, {}, None))

    def send(self, frame: Frame) -> None:
        """Say the last word about a call; there is no other in the plain protocol."""
        if not isinstance(frame, Reply | Failure | Refused):
            return
        method = self._running.pop(frame.call)
        if isinstance(frame, Reply):
            result = self._methods.result(method, frame.body)
            self._answer(PlainReply(frame.call, None, result))
        else:
            self._answer(PlainReply(frame.call, plain_error(_raised(frame)), None))

    def lose(self) -> None:
        """Cancel what runs."""
        self._end.lose()

    def _number(self, frame: PlainRequest) -> int:
        if frame.call is not None:
            return frame.call
        self._unanswered -= 1
        return self._unanswered

    def _answer(self, reply: PlainReply) -> None:
        if reply.call >= 0:
            self._link.send(reply)


def plain_error(error: RPCError) -> object:
    """Return an error as plain callers get it: its code, its message, its details."""
    return error.code.value, error.message, dict(error.details)


def _raised(last: Failure | Refused) -> RPCError:
    if isinstance(last, Refused):
        return Unavailable("the server is stopping")
    return RPCError.of(Code(last.code), last.message, last.details)
