"""A method whose code is not here, as far as calling it needs."""

from collections.abc import Mapping
from inspect import cleandoc
from typing import cast

import msgspec

from kitfox.cli._json_schema import Schema, Types, resolved
from kitfox.core import Kind

_NOTHING = Schema(type="null")


class RemoteMethod(msgspec.Struct, frozen=True):
    """One method as its server describes it.

    `request` and `reply` are of what its callers give and get, each time when it streams: a
    message, nothing, or a value that travels wrapped, as the field `value` of a message made for
    it. `fields` are the request's, and `route` is a verb and a path of HTTP where it is known.
    """

    service: str
    name: str
    kind: Kind
    idempotent: bool
    doc: str
    route: str
    fields: Mapping[str, Schema]
    required: tuple[str, ...]
    request: Schema
    reply: Schema
    request_wrapped: bool = False
    reply_wrapped: bool = False

    @property
    def full_name(self) -> str:
        """The method's name with its service's."""
        return f"{self.service}.{self.name}"

    def value_of(self, message: object) -> object:
        """Return what a caller gets when this message comes as a reply."""
        if self.reply == _NOTHING:
            return None
        if self.reply_wrapped and isinstance(message, dict):
            return cast("dict[str, object]", message).get("value")
        return message


class Description(msgspec.Struct, frozen=True):
    """All methods of a server, and the types they speak of."""

    methods: tuple[RemoteMethod, ...]
    types: Types


class Said(msgspec.Struct, frozen=True):
    """What a server says of a method; its messages as they travel."""

    name: str
    kind: Kind
    request: Schema
    reply: Schema
    idempotent: bool = False
    doc: str = ""
    route: str = ""


def remote_method(said: Said, types: Types) -> RemoteMethod:
    """Return the method that a server has told of."""
    service, _, name = said.name.rpartition(".")
    made = f"{service.rpartition('.')[2]}{name}"
    message = resolved(said.request, types)
    request = None
    if said.kind.streams_requests:  # else it may be a sole parameter that is called `value`
        request = _carried(said.request, f"{made}Request", types)
    reply = _carried(said.reply, f"{made}Reply", types)
    return RemoteMethod(
        service=service,
        name=name,
        kind=said.kind,
        idempotent=said.idempotent,
        doc=cleandoc(said.doc),
        route=said.route,
        fields=message.properties,
        required=message.required,
        request=said.request if request is None else request,
        reply=said.reply if reply is None else reply,
        request_wrapped=request not in (None, _NOTHING),
        reply_wrapped=reply not in (None, _NOTHING),
    )


def _carried(message: Schema, wrapper: str, types: Types) -> Schema | None:
    """Return the schema of what a message only carries; None when it is what it says."""
    made = resolved(message, types)
    match made.title, list(made.properties):
        case "Empty", []:
            return _NOTHING
        case title, ["value"] if title == wrapper:
            return made.properties["value"]
        case _:
            return None
