"""From the hints of a function to what travels: its kind, its messages, and how to pack them.

The parameters are the fields of the request; a sole parameter that is itself a message is the
request. One parameter may be a stream of requests, and then it is the only one.
"""

import inspect
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import cast, get_args, get_origin, get_type_hints

import msgspec

from kitfox.core._messages import (
    REMEDY,
    Carrier,
    Empty,
    Maker,
    carrier_of,
    is_message,
    same,
    unsupported,
)
from kitfox.core._method import Kind

Args = tuple[object, ...]
Function = Callable[..., object]
_Packing = tuple[Carrier, Callable[..., object], Callable[[object], Args]]
_STREAMS = (AsyncIterator, AsyncIterable, AsyncGenerator)
_REFUSED: dict[object, str] = {
    inspect.Parameter.VAR_POSITIONAL: "takes any number of values; write `{0}: list[…]`",
    inspect.Parameter.VAR_KEYWORD: "takes values of any name; write `{0}: dict[str, …]`",
    inspect.Parameter.KEYWORD_ONLY: "can be given by name only; remove the `*` before it",
}


class DefinitionError(TypeError):
    """A service class that breaks the rules; raised when the class is defined."""


@dataclass(frozen=True, slots=True)
class Signature:
    """What a method's hints say.

    `pack` binds arguments as the function itself would and gives the request (or, when requests
    stream, the iterator as it is); `unpack` gives the function's arguments back. `request` and
    `reply` say how one value of either side travels.
    """

    parameters: tuple[str, ...]
    kind: Kind
    request: Carrier
    reply: Carrier
    pack: Callable[..., object]
    unpack: Callable[[object], Args]


def read_signature(function: Function, where: str, maker: Maker) -> Signature:
    """Return what the hints of `function` say; `where` names it in complaints: `Users.get`.

    Raises:
        DefinitionError: the function cannot be a method; the text names the remedy.
    """
    return _Reader(function, where, maker).read()


class _Reader:
    """Reads one function; every complaint starts with `where` it stands."""

    def __init__(self, function: Function, where: str, maker: Maker) -> None:
        self._where = where
        self._maker = maker
        self._function = function
        self._hints = self._resolve(function)

    def read(self) -> Signature:
        parameters = self._parameters()
        for parameter in parameters:
            self._check(parameter)
        stream_in = self._streams_in(parameters)
        hint = self._reply_hint()
        stream_out = get_origin(hint) in _STREAMS
        self._check_colour(streams=stream_out)
        request, pack, unpack = (
            self._streamed(parameters[0]) if stream_in else self._plain(parameters)
        )
        item = self._item("its reply", hint) if stream_out else hint
        return Signature(
            parameters=tuple(parameter.name for parameter in parameters),
            kind=_KINDS[stream_in, stream_out],
            request=request,
            reply=carrier_of(item, self._maker, "Reply"),
            pack=pack,
            unpack=unpack,
        )

    def _refuse(self, problem: str) -> DefinitionError:
        return DefinitionError(f"{self._where}: {problem}")

    def _resolve(self, function: Function) -> Mapping[str, object]:
        try:
            return get_type_hints(function, include_extras=True)
        except NameError as error:
            raise self._refuse(
                f"the hint {error.name!r} is not known here; define or import it above the class, "
                "at module level and not under TYPE_CHECKING"
            ) from None
        except (AttributeError, SyntaxError, TypeError) as error:
            raise self._refuse(f"a hint cannot be read: {error}; write it without quotes") from None

    def _parameters(self) -> list[inspect.Parameter]:
        """Return the parameters after `self`, which alone may go without a hint."""
        parameters = iter(inspect.signature(self._function).parameters.values())
        own = next(parameters, None)
        if own is None or (own.name != "self" and own.name in self._hints):
            raise self._refuse("its first parameter is not `self`; put `self` before the others")
        return list(parameters)

    def _check(self, parameter: inspect.Parameter) -> None:
        name = parameter.name
        if (problem := _REFUSED.get(parameter.kind)) is not None:
            raise self._refuse(f"parameter {name!r} {problem.format(name)}")
        if name not in self._hints:
            raise self._refuse(f"parameter {name!r} has no type hint; write e.g. `{name}: int`")
        hint = self._hints[name]
        self._check_type(f"parameter {name!r}", hint)
        default: object = parameter.default
        if default and type(default) in {list, dict, set}:
            raise self._refuse(
                f"parameter {name!r} has the default {default!r}, which all calls would share; "
                "use a tuple, None, or an empty one"
            )

    def _check_type(self, what: str, hint: object) -> None:
        item = self._item(what, hint) if get_origin(hint) in _STREAMS else hint
        if (problem := unsupported(item)) is not None:
            raise self._refuse(f"{what} has a type that cannot travel: {problem}; use {REMEDY}")

    def _item(self, what: str, hint: object) -> object:
        if not (args := get_args(hint)):
            raise self._refuse(f"{what} streams items of no type; write AsyncIterator[ItemType]")
        return args[0]

    def _reply_hint(self) -> object:
        if "return" not in self._hints:
            raise self._refuse("no return type; write `-> ReplyType` (or `-> None`)")
        hint = self._hints["return"]
        self._check_type("its reply", hint)
        return hint

    def _streams_in(self, parameters: list[inspect.Parameter]) -> bool:
        streams = [p.name for p in parameters if get_origin(self._hints[p.name]) in _STREAMS]
        if len(streams) > 1:
            raise self._refuse(
                f"parameters {streams[0]!r} and {streams[1]!r} both stream; a call has one stream "
                "of requests: make its items carry both"
            )
        if streams and len(parameters) > 1:
            raise self._refuse(
                f"parameter {streams[0]!r} streams, so it must be the only one: put the others "
                "into its items or into metadata"
            )
        return bool(streams)

    def _check_colour(self, *, streams: bool) -> None:
        """Check `async`, which decides whether the loop stays free while the handler works."""
        function = self._function
        if not streams and not inspect.iscoroutinefunction(function):
            raise self._refuse(
                "it is a plain `def`; write `async def`, and for work that blocks use "
                "asyncio.to_thread inside it"
            )
        if streams and inspect.iscoroutinefunction(function):
            raise self._refuse(
                "it streams its replies, so it must `yield` them (or be a plain `def` that "
                "returns the iterator)"
            )

    def _plain(self, parameters: list[inspect.Parameter]) -> _Packing:
        hints = [self._hints[parameter.name] for parameter in parameters]
        if not parameters:
            return Carrier(Empty, same, same), Empty, lambda _: ()
        if len(parameters) == 1 and is_message(hints[0]):
            pack = _sole(parameters[0])
            return Carrier(hints[0], same, same), pack, lambda message: (message,)
        fields = [
            (p.name, hint) if p.default is p.empty else (p.name, hint, p.default)
            for p, hint in zip(parameters, hints, strict=True)
        ]
        request = self._maker.make("Request", fields)
        unpack = cast("Callable[[object], Args]", msgspec.structs.astuple)
        return Carrier(request, same, same), request, unpack

    def _streamed(self, parameter: inspect.Parameter) -> _Packing:
        item = self._item(f"parameter {parameter.name!r}", self._hints[parameter.name])
        carrier = carrier_of(item, self._maker, "Request")
        return carrier, _sole(parameter), lambda items: (items,)


_KINDS = {
    (False, False): Kind.UNARY,
    (False, True): Kind.SERVER_STREAM,
    (True, False): Kind.CLIENT_STREAM,
    (True, True): Kind.BIDI_STREAM,
}


def camel(name: str) -> str:
    """Return a name as the wire spells it: `add_grade` is `AddGrade`."""
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


def _sole(parameter: inspect.Parameter) -> Callable[..., object]:
    """Return a binder for a function of one parameter, which may be given by its name."""
    signature = inspect.Signature([parameter])

    def pack(*args: object, **kwargs: object) -> object:
        if len(args) == 1 and not kwargs:  # the usual way, and the quick one
            return args[0]
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        return bound.arguments[parameter.name]

    return pack
