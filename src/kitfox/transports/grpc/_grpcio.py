"""What is used of grpcio, which tells no types: named here only."""

import asyncio
from collections.abc import (
    AsyncGenerator,
    Awaitable,
    Callable,
    Collection,
    Iterable,
    Mapping,
    Sequence,
)
from typing import Any, Final, NamedTuple, Protocol, cast

import grpc
from grpc import aio

# What its stubs say is wrong in places.
_grpc: Final[Any] = grpc
_aio: Final[Any] = aio

Pair = tuple[str, str | bytes]
Pairs = Iterable[Pair]
Options = tuple[tuple[str, int], ...]
Streams = tuple[bool, bool]  # which sides of a method stream: the requests, the replies

# What a call raises at its caller when the far end, or the way there, says that it failed.
FAILED: Final[type[Exception]] = _aio.AioRpcError
# What a call that is over raises on whoever still reads or writes.
OVER: Final[tuple[type[Exception], ...]] = (
    _aio.BaseError,
    asyncio.InvalidStateError,
    _grpc.RpcError,
)


class Context(Protocol):
    """A call, at the server."""

    async def write(self, message: bytes, /) -> None: ...
    async def read(self) -> object: ...
    def set_code(self, code: object, /) -> None: ...
    def set_details(self, text: str, /) -> None: ...
    def set_trailing_metadata(self, pairs: Collection[Pair], /) -> None: ...
    def invocation_metadata(self) -> Pairs | None: ...
    def peer(self) -> str: ...
    def auth_context(self) -> Mapping[str, Iterable[bytes]]: ...
    def time_remaining(self) -> float | None: ...


Behaviour = Callable[[Any, Context], Awaitable[object]]
Handlers = dict[str, Any]


class Server(Protocol):
    """A server, as far as services are added to it: what generated code takes."""

    def add_generic_rpc_handlers(self, handlers: Sequence[object], /) -> None: ...
    def add_registered_method_handlers(self, service: str, handlers: Handlers, /) -> None: ...


class RunningServer(Server, Protocol):
    """A server, with its life."""

    def add_insecure_port(self, address: str, /) -> int: ...
    def add_secure_port(self, address: str, credentials: object, /) -> int: ...
    async def start(self) -> None: ...
    async def stop(self, grace: float | None) -> None: ...


class Failure(NamedTuple):
    """What a call that failed says; `name` is that of its code."""

    name: str
    text: str
    metadata: tuple[Pair, ...]


class ClientCall(Awaitable[bytes], Protocol):
    """A call, at the client. Awaiting it is for those with one reply, iterating for others."""

    def __aiter__(self) -> AsyncGenerator[bytes, None]: ...  # noqa: PYI058 - it is closed
    async def wait_for_connection(self) -> None: ...
    async def done_writing(self) -> None: ...
    async def initial_metadata(self) -> Pairs: ...
    async def trailing_metadata(self) -> Pairs: ...
    def cancel(self) -> bool: ...


class MultiCallable(Protocol):
    """Makes the calls of one method."""

    def __call__(
        self, request: bytes = ..., /, *, timeout: float | None, metadata: Collection[Pair]
    ) -> ClientCall: ...


class Channel(Protocol):
    """A connection, which is there when it is needed."""

    def get_state(self, try_to_connect: bool = False) -> object: ...  # noqa: FBT001, FBT002 - theirs
    async def wait_for_state_change(self, last: object, /) -> None: ...
    async def close(self, grace: float | None = None) -> None: ...


Admit = Callable[[str, Pairs], str | None]  # a path and metadata; why not, or None


def new_server(
    options: Options, *, most_calls: int, gzip: bool, admit: Admit | None
) -> RunningServer:
    """Return a server that has no port yet; calls that `admit` complains of are refused."""
    made = _aio.server(
        options=options,
        maximum_concurrent_rpcs=most_calls,
        compression=_compression(gzip=gzip),
        interceptors=() if admit is None else (_Gate(admit),),
    )
    return cast("RunningServer", made)


class _Gate(aio.ServerInterceptor):
    """Looks at each call before its method is found."""

    def __init__(self, admit: Admit) -> None:
        self._admit = admit

    async def intercept_service(
        self,
        continuation: Callable[[Any], Awaitable[Any]],
        handler_call_details: Any,  # noqa: ANN401 - see above
    ) -> Any:  # noqa: ANN401
        metadata = handler_call_details.invocation_metadata or ()
        why = self._admit(handler_call_details.method, metadata)
        if why is None:
            return await continuation(handler_call_details)

        async def refuse(_: object, context: Context) -> None:
            fail(context, "UNAUTHENTICATED", why)

        return method_handler(refuse, streams=(True, True))  # waits for no request


CertificateConfiguration = object


def certificate_configuration(
    certificate: bytes | None, key: bytes | None, client_ca: bytes | None
) -> CertificateConfiguration:
    """Return what a server over TLS shows, and whom it trusts."""
    pairs = [(key, certificate)]
    return cast("object", _grpc.ssl_server_certificate_configuration(pairs, client_ca))


def server_credentials(
    initial: CertificateConfiguration,
    changed: Callable[[], CertificateConfiguration | None],
    *,
    ask_clients: bool,
) -> object:
    """Return the security of a server; `changed` is asked in every handshake, in any thread."""
    return cast("object", _grpc.dynamic_ssl_server_credentials(initial, changed, ask_clients))


def channel_credentials(ca: bytes | None, key: bytes | None, certificate: bytes | None) -> object:
    """Return what a client over TLS shows and trusts."""
    return cast("object", _grpc.ssl_channel_credentials(ca, key, certificate))


def new_channel(target: str, options: Options, credentials: object, *, gzip: bool) -> Channel:
    """Return a channel, over TLS if there are `credentials`; needs a running loop."""
    how: dict[str, object] = {"options": options, "compression": _compression(gzip=gzip)}
    if credentials is None:
        return cast("Channel", _aio.insecure_channel(target, **how))
    return cast("Channel", _aio.secure_channel(target, credentials, **how))


def _compression(*, gzip: bool) -> object:
    return _grpc.Compression.Gzip if gzip else None


def multi_callable(channel: Channel, path: str, *, streams: Streams) -> MultiCallable:
    """Return what makes the calls of a method, with bytes for messages."""
    name = {
        (False, False): "unary_unary",
        (False, True): "unary_stream",
        (True, False): "stream_unary",
        (True, True): "stream_stream",
    }[streams]
    return cast("MultiCallable", getattr(channel, name)(path))


def method_handler(behaviour: Behaviour, *, streams: Streams) -> object:
    """Return a method as a server takes it, with bytes for messages."""
    make = {
        (False, False): _grpc.unary_unary_rpc_method_handler,
        (False, True): _grpc.unary_stream_rpc_method_handler,
        (True, False): _grpc.stream_unary_rpc_method_handler,
        (True, True): _grpc.stream_stream_rpc_method_handler,
    }[streams]
    return cast("object", make(behaviour))


def service_handler(service: str, handlers: Handlers) -> object:
    """Return a service as a server takes it."""
    return cast("object", _grpc.method_handlers_generic_handler(service, handlers))


def fail(context: Context, name: str, text: str) -> None:
    """Give a call this code, by its name, and text; it is over when its behaviour returns.

    `abort` would do so at once, but leaves all that the call knew to the garbage collector.
    """
    context.set_code(_grpc.StatusCode[name])
    context.set_details(text)


def is_eof(message: object) -> bool:
    """Whether a read came to the end of a stream."""
    return message is _aio.EOF


def is_ready(state: object) -> bool:
    """Whether a channel is connected."""
    return state is _grpc.ChannelConnectivity.READY


def is_lost(state: object) -> bool:
    """Whether a channel has tried to connect, in vain, or is closed."""
    lost = (_grpc.ChannelConnectivity.TRANSIENT_FAILURE, _grpc.ChannelConnectivity.SHUTDOWN)
    return state in lost


def failure_of(error: Exception) -> Failure:
    """Return what FAILED says."""
    told = cast("Any", error)
    pairs = (*(told.initial_metadata() or ()), *(told.trailing_metadata() or ()))
    return Failure(told.code().name, told.details() or "", pairs)


async def write(call: ClientCall, message: bytes) -> None:
    """Send a request of a stream; raises one of OVER when the call is over.

    Not by the call's own `write`: when that fails, it puts an error of its own in the place of what
    the far end says of the call, be that all is well.
    """
    await call.wait_for_connection()
    await cast("Any", call)._cython_call.send_serialized_message(message)  # noqa: SLF001
