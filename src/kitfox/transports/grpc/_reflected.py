"""Methods called that this program has no types of: the server itself says what they take.

    server = GRPCReflection(connection)
    document = await server.describe()
    reply = await server.endpoint(method)(Call(method), {"id": 7})

Messages are plain dicts here, as protobuf's JSON has them.
"""

from collections.abc import AsyncGenerator, Iterable
from typing import cast

from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from grpc_reflection.v1alpha.reflection_pb2 import (  # type: ignore[import-untyped]  # has a .pyi
    ServerReflectionRequest as Request,
    ServerReflectionResponse as Response,
)

from kitfox.core import Call, Code, Endpoint, Internal, Kind, Method, RPCError, Unimplemented
from kitfox.schema import Description, MethodDescription
from kitfox.scope import current_deadline
from kitfox.transports.grpc import _reflection
from kitfox.transports.grpc._connection import GRPCConnection
from kitfox.transports.grpc._dictionaries import Dictionaries
from kitfox.transports.grpc._fetched import Fetched
from kitfox.transports.grpc._json_schema import Schemas

_KINDS = {(kind.streams_requests, kind.streams_replies): kind for kind in Kind}


class GRPCReflection:
    """A connection whose messages are plain dicts, to any server that answers reflection.

    Each method that it describes can be called, and so can others, by name alone.
    """

    def __init__(self, connection: GRPCConnection) -> None:
        self._connection = connection
        self._fetched = Fetched(self._ask)
        self._names = list(_reflection.NAMES)

    async def services(self) -> list[str]:
        """Return the names of the services there are, reflection itself left out.

        Raises:
            Unimplemented: the server does not answer reflection.
        """
        answer = await self._ask(Request(list_services=""))
        names = (each.name for each in answer.list_services_response.service)
        return sorted(name for name in names if name not in _reflection.NAMES)

    async def describe(self) -> Description:
        """Return the description of all methods there are.

        Raises:
            Unimplemented: the server does not answer reflection.
            Internal: what it says makes no sense.
        """
        schemas = Schemas()
        services = [await self._fetched.service(name) for name in await self.services()]
        methods = [_described(each, schemas) for each in _methods(services)]
        return Description(methods=tuple(methods), types=schemas.types)

    def endpoint(self, method: Method) -> Endpoint:
        """Return what makes calls of `method`, of which the name counts, and the kind.

        It raises NotFound when the server has no such method.
        """

        async def call_over(call: Call, message: object) -> object:
            service = await self._fetched.service(method.service)
            messages = Dictionaries(service, method.name, self._fetched.pool)
            return await self._connection.endpoint_with(method, messages)(call, message)

        return call_over

    async def _ask(self, request: Request) -> Response:
        """Ask by the newest name that the server knows."""
        while True:
            try:
                answer = await self._ask_by(self._names[0], request)
            except Unimplemented:
                if len(self._names) == 1:
                    raise
                del self._names[0]
            else:
                return _checked(answer)

    async def _ask_by(self, name: str, request: Request) -> Response:
        answers: list[Response] = []

        async def keep(answer: object) -> None:
            answers.append(cast("Response", answer))

        method = Method(name, _reflection.METHOD, Kind.BIDI_STREAM, Request, Response)
        endpoint = self._connection.endpoint_with(method, _reflection.ReflectionMessages())
        await endpoint(Call(method, deadline=current_deadline(), send=keep), _alone(request))
        if not answers:
            raise Internal("the server's reflection does not answer")
        return answers[0]


async def _alone(request: Request) -> AsyncGenerator[Request, None]:
    yield request


def _checked(answer: Response) -> Response:
    """Return an answer; raise what it says instead."""
    if answer.WhichOneof("message_response") == "error_response":
        error = answer.error_response
        code = Code(error.error_code) if error.error_code in set(Code) else Code.UNKNOWN
        raise RPCError.of(code or Code.UNKNOWN, error.error_message)
    return answer


def _methods(services: Iterable[ServiceDescriptor]) -> Iterable[MethodDescriptor]:
    return (method for service in services for method in service.methods)


def _described(method: MethodDescriptor, schemas: Schemas) -> MethodDescription:
    kind = _KINDS[method.client_streaming, method.server_streaming]
    level = method.GetOptions().idempotency_level
    return MethodDescription(
        service=method.containing_service.full_name,
        name=method.name,
        kind=kind.value,
        request=schemas.of(method.input_type),
        reply=schemas.of(method.output_type),
        idempotent=level != 0,
    )
