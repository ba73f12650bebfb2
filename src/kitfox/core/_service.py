"""A service is a class, and its methods are those marked with `@rpc`.

The class, or the abstract class it implements, is the contract: both sides read the same one.
"""

import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from typing import ClassVar, NamedTuple, Self, TypeVar, cast, overload

from kitfox.core._endpoint import Endpoint
from kitfox.core._handler import handler_endpoint
from kitfox.core._messages import Maker
from kitfox.core._method import Method
from kitfox.core._signature import DefinitionError, Function, Signature, camel, read_signature
from kitfox.core._stub import Caller
from kitfox.core._wire import Connection

F = TypeVar("F", bound=Function)

_NAME = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*", re.ASCII)
_RESERVED = frozenset({"client", "routes"})
_MARK = "__rpc_promises__"
_METHOD = "__rpc_method__"


class _Promises(NamedTuple):
    """What `@rpc` was told about a method."""

    idempotent: bool
    scopes: frozenset[str]


class _Definition(NamedTuple):
    """One method of a class, and the function that it was read from."""

    method: Method
    signature: Signature
    function: Function


@overload
def rpc(function: F, /) -> F: ...
@overload
def rpc(*, idempotent: bool = False, scopes: Iterable[str] = ()) -> Callable[[F], F]: ...
def rpc(
    function: F | None = None, /, *, idempotent: bool = False, scopes: Iterable[str] = ()
) -> F | Callable[[F], F]:
    """Mark a method of a service as callable from elsewhere.

    `idempotent` promises that a second run changes nothing more; it allows a retry after the
    request may have been received, hedging, and HTTP GET. `scopes` are what a caller must be
    allowed, all of them; they are asked for where a server knows its callers.
    """
    promises = _Promises(idempotent, frozenset(scopes))

    def mark(function: F) -> F:
        setattr(function, _MARK, promises)
        return function

    return mark if function is None else mark(function)


class Service:
    """The base of all services.

    Give a contract its full name: `class Users(Service, ABC, name="acme.v1.Users")`. Without one,
    the class's own name serves. A subclass is the same service and keeps its name, unless it is
    given one of its own: then it is another service, and all its methods, the inherited ones too,
    bear the new name.

    Raises:
        DefinitionError: at the definition of a class that breaks the rules.
    """

    __rpc_name__: ClassVar[str] = ""
    __rpc_definitions__: ClassVar[Mapping[str, _Definition]] = {}

    def __init_subclass__(cls, *, name: str | None = None, **kwargs: object) -> None:
        """Read the methods of a new service class."""
        super().__init_subclass__(**kwargs)
        marked = _marked(cls)
        if name is None:
            name = _inherited_name(cls) or (cls.__name__ if marked else None)
        if name is not None and not _NAME.fullmatch(name):
            msg = f'{cls.__name__}: {name!r} is no service name; write e.g. name="acme.v1.Users"'
            raise DefinitionError(msg)
        cls.__rpc_name__ = name or ""
        known = _known(cls)
        cls.__rpc_definitions__ = {
            attribute: known.get(attribute) or _define(cls, attribute, function)
            for attribute, function in marked.items()
        }
        _check_names(cls)
        _check_implementations(cls)

    @classmethod
    def client(cls, connection: Connection, *, timeout: float | None = None) -> Self:
        """Return a client: an object of this type whose methods make calls over `connection`.

        `timeout`, in seconds, bounds each call; a deadline in force around a call bounds it too.
        """
        stub = cast("Self", object.__new__(_stub_class(cls)))
        for attribute, (method, signature, _) in cls.__rpc_definitions__.items():
            caller = Caller(method, signature, connection.endpoint(method), timeout)
            vars(stub)[attribute] = caller.run
        return stub

    def routes(self) -> Mapping[Method, Endpoint]:
        """Return what a listener serves: each method and the endpoint that runs it here."""
        return {
            method: handler_endpoint(getattr(self, attribute), method, signature)
            for attribute, (method, signature, _) in self.__rpc_definitions__.items()
        }


def methods_of(service: type[Service] | Service) -> Mapping[str, Method]:
    """Return a service's methods by the names they have in Python."""
    return {name: definition.method for name, definition in service.__rpc_definitions__.items()}


def service_name(service: type[Service] | Service) -> str:
    """Return a service's full name, as its callers and the registry know it."""
    return service.__rpc_name__


def method_of(function: Function) -> Method:
    """Return the method that a function of a service class defines or implements.

    A function that several services share is the first one's: `methods_of(Renamed)["get"]` is what
    a renamed subclass makes of a `get` that it inherits.

    Raises:
        TypeError: the function is not one of a service's methods.
    """
    method = getattr(function, _METHOD, None)
    if not isinstance(method, Method):
        msg = f"{getattr(function, '__qualname__', function)!r} is not marked with @rpc"
        raise TypeError(msg)
    return method


def _marked(cls: type[Service]) -> dict[str, object]:
    """Return what is marked with @rpc, by attribute; a contract's before its subclass's."""
    return {
        attribute: value
        for base in reversed(cls.__mro__)
        for attribute, value in vars(base).items()
        if _is_marked(value) or _is_marked(getattr(value, "__func__", None))
    }


def _is_marked(value: object) -> bool:
    return _MARK in getattr(value, "__dict__", {})


def _define(cls: type[Service], attribute: str, function: object) -> _Definition:
    where = f"{cls.__name__}.{attribute}"
    if attribute in _RESERVED:
        raise DefinitionError(f"{where}: every service has a {attribute!r} already; rename it")
    if attribute.startswith("_"):
        raise DefinitionError(f"{where}: a name with `_` is private; rename it or remove @rpc")
    if not attribute.isascii():
        raise DefinitionError(f"{where}: not every wire carries such a name; write it in ASCII")
    if not inspect.isfunction(function):
        raise _no_method(where, function)
    maker = Maker(cls.__rpc_name__, camel(attribute), cls.__module__)
    signature = read_signature(function, where, maker)
    promises: _Promises = getattr(function, _MARK)
    method = Method(
        service=cls.__rpc_name__,
        name=maker.method,
        kind=signature.kind,
        request=signature.request.message,
        reply=signature.reply.message,
        idempotent=promises.idempotent,
        scopes=promises.scopes,
        doc=inspect.getdoc(function) or "",
    )
    _remember(function, method)
    return _Definition(method, signature, function)


def _remember(function: Function, method: Method) -> None:
    """Note which method a function defines; of the services that share it, the first counts."""
    if not hasattr(function, _METHOD):
        setattr(function, _METHOD, method)


def _no_method(where: str, found: object) -> DefinitionError:
    name, kind = where.rpartition(".")[2], type(found).__name__
    msg = f"{where}: found {kind!r}; write a method, `async def {name}(self, …)`"
    return DefinitionError(msg)


def _inherited_name(cls: type[Service]) -> str:
    """Return the name of the service that a class implements, if it does."""
    names = {base.__rpc_name__ for base in cls.__bases__ if issubclass(base, Service)} - {""}
    if len(names) > 1:
        msg = f"{cls.__name__}: implements {' and '.join(sorted(names))}; write a class for each"
        raise DefinitionError(msg)
    return next(iter(names), "")


def _known(cls: type[Service]) -> dict[str, _Definition]:
    """Return what the classes above have defined of the same service."""
    return {
        attribute: definition
        for base in reversed(cls.__mro__[1:])
        if issubclass(base, Service) and base.__rpc_name__ == cls.__rpc_name__
        for attribute, definition in base.__rpc_definitions__.items()
    }


def _check_names(cls: type[Service]) -> None:
    """Check that no two methods have one name on the wire: `get_x` and `getX` would."""
    seen: dict[str, str] = {}
    for attribute, (method, _, _) in cls.__rpc_definitions__.items():
        if (other := seen.setdefault(method.name, attribute)) != attribute:
            msg = (
                f"{cls.__name__}: {other!r} and {attribute!r} are both {method.name!r} on the "
                "wire; rename one of them"
            )
            raise DefinitionError(msg)


def _check_implementations(cls: type[Service]) -> None:
    """Check that what implements a method takes what its callers send, the way they expect it.

    The contract decides: a second @rpc on the implementation changes nothing.
    """
    for attribute, (method, contract, defined) in cls.__rpc_definitions__.items():
        function = cast("object", inspect.getattr_static(cls, attribute))
        if function is defined:
            continue
        where = f"{cls.__name__}.{attribute}"
        if not inspect.isfunction(function):
            raise _no_method(where, function)
        maker = Maker(method.service, method.name, cls.__module__)
        own, expected = _shape(read_signature(function, where, maker)), _shape(contract)
        if own != expected:
            msg = f"{where}: is {own}; make it {expected}, as {method.service} promises"
            raise DefinitionError(msg)
        _remember(function, method)


def _shape(signature: Signature) -> str:
    return f"({', '.join(signature.parameters)}), {signature.kind.value}"


def _stub_class(cls: type[Service]) -> type[Service]:
    """Return the subclass that clients are objects of; made once for each service class.

    Its objects carry the methods themselves, so nothing in it is abstract any more.
    """
    made = vars(cls).get("_stub")
    if not isinstance(made, type):
        made = type(f"{cls.__name__}Client", (cls,), {"__module__": cls.__module__})
        setattr(made, "__abstractmethods__", frozenset())  # noqa: B010 - no type declares it
        setattr(cls, "_stub", made)  # noqa: B010 - not declared: subclasses must not inherit it
    return made
