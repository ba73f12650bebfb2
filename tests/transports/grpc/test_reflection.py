"""What a server tells of itself, and how a client makes calls of that alone."""

import grpc
import msgspec
import pytest
from google.protobuf import descriptor_pb2
from grpc_reflection.v1alpha import reflection, reflection_pb2
from grpc_reflection.v1alpha.reflection_pb2 import (
    ServerReflectionRequest as Request,
    ServerReflectionResponse as Response,
)

from kitfox import (
    Call,
    Internal,
    InvalidArgument,
    Kind,
    NotFound,
    Unimplemented,
    fail_after,
)
from kitfox.core import Method
from kitfox.transports.grpc import GRPCConnection, GRPCReflection

V1 = "grpc.reflection.v1.ServerReflection"
V1ALPHA = "grpc.reflection.v1alpha.ServerReflection"
STANDING = {"grpc.health.v1.Health", V1, V1ALPHA}


def method(name, kind=Kind.UNARY, service="acme.v1.Desk"):
    return Method(service, name, kind, dict, dict)


@pytest.fixture
def ask(serve, stock):
    """Ask our server by a stock client, and return the answers."""

    async def asking(*requests, service=V1):
        async with serve() as url, stock(url) as channel:
            converse = channel.stream_stream(
                f"/{service}/ServerReflectionInfo",
                request_serializer=Request.SerializeToString,
                response_deserializer=Response.FromString,
            )
            return [answer async for answer in converse(iter(requests))]

    return asking


def files(answer):
    texts = answer.file_descriptor_response.file_descriptor_proto
    found = [descriptor_pb2.FileDescriptorProto.FromString(text) for text in texts]
    return {file.name: file for file in found}


@pytest.mark.parametrize("service", [V1, V1ALPHA])
async def test_both_versions_list_what_there_is(ask, service):
    (answer,) = await ask(Request(list_services="", host="desk"), service=service)
    names = {each.name for each in answer.list_services_response.service}
    assert names == {"acme.v1.Desk", *STANDING}
    assert answer.valid_host == "desk"
    assert answer.original_request.WhichOneof("message_request") == "list_services"


async def test_each_service_and_message_is_found_with_all_that_its_file_needs(ask):
    symbols = ["acme.v1.Desk", "acme.v1.DeskAddRequest", *STANDING]
    answers = await ask(*(Request(file_containing_symbol=symbol) for symbol in symbols))
    for symbol, answer in zip(symbols, answers, strict=True):
        found = files(answer)
        assert any(symbol.startswith(file.package) for file in found.values()), symbol
        assert {name for file in found.values() for name in file.dependency} <= set(found)
    by_name = await ask(Request(file_by_filename="acme/v1.proto"))
    assert files(by_name[0]) == files(answers[0])


async def test_what_is_not_there_is_not_found_and_the_conversation_goes_on(ask):
    asked = [
        Request(file_containing_symbol="acme.v1.Nope"),
        Request(file_by_filename="nope.proto"),
        Request(all_extension_numbers_of_type="acme.v1.Nope"),
        Request(
            file_containing_extension=reflection_pb2.ExtensionRequest(
                containing_type="google.protobuf.FieldOptions", extension_number=77_777
            )
        ),
        Request(),
        Request(all_extension_numbers_of_type="google.protobuf.FieldOptions"),
    ]
    *wrong, right = await ask(*asked)
    assert [answer.error_response.error_code for answer in wrong] == [5] * 5
    assert right.all_extension_numbers_response.base_type_name == "google.protobuf.FieldOptions"


@pytest.fixture
def reflected(serve):
    """Serve the desk, and give it as somebody sees it who has none of its types."""

    async def run(use):
        async with serve() as url, GRPCConnection(url) as connection:
            return await use(GRPCReflection(connection))

    return run


async def test_a_server_is_described_by_what_it_says(reflected):
    document = await reflected(lambda server: server.describe())
    methods = {each.name: each for each in document.methods}
    assert {each.full_name for each in document.methods} >= {"acme.v1.Desk.Add"}
    assert methods["Count"].kind == "server_stream"
    assert methods["Add"].request == {"$ref": "#/$defs/acme.v1.DeskAddRequest"}
    assert document.types["acme.v1.DeskAddRequest"] == {
        "title": "DeskAddRequest",
        "type": "object",
        "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}},
    }
    assert document.types["acme.v1.DeskHearReply"]["properties"]["value"] == {
        "type": "object",
        "additionalProperties": {"type": "string"},
    }
    assert msgspec.json.encode(document)


async def test_methods_of_all_kinds_are_called_with_plain_dicts(reflected):
    items = []

    async def use(server):
        adding = method("Add")
        assert await server.endpoint(adding)(Call(adding), {"a": 2, "b": 3}) == {"value": 5}

        counting = method("Count", Kind.SERVER_STREAM)
        await server.endpoint(counting)(Call(counting, send=keep), {"last": 2})

        async def numbers():
            yield {"value": 4}
            yield {"value": "5"}

        adding_up = method("Total", Kind.CLIENT_STREAM)
        assert await server.endpoint(adding_up)(Call(adding_up), numbers()) == {"value": 9}

        echoing = method("Echo")
        assert await server.endpoint(echoing)(Call(echoing), {"data": "AAE="}) == {"value": "AAE="}

    async def keep(item):
        items.append(item)

    await reflected(use)
    assert items == [{"value": 0}, {"value": 1}]


@pytest.mark.parametrize(
    ("wanted", "message", "error", "text"),
    [
        (method("Add"), {"c": 1}, InvalidArgument, 'no field named "c"'),
        (method("Add"), {"a": "one"}, InvalidArgument, "a"),
        (method("Nope"), {}, NotFound, r"acme\.v1\.Desk has no method Nope"),
        (method("Add", service="acme.v1.Nope"), {}, NotFound, "acme.v1.Nope"),
        (method("Fail"), {"why": "gone"}, NotFound, "gone"),
    ],
    ids=["unknown field", "wrong type", "unknown method", "unknown service", "its own error"],
)
async def test_what_is_wrong_with_a_call_is_said(reflected, wanted, message, error, text):
    with pytest.raises(error, match=text):
        await reflected(lambda server: server.endpoint(wanted)(Call(wanted), message))


@pytest.fixture
def stranger():
    """Run a stock server, furnished by `configure`, and ask it by reflection."""

    async def run(configure, use):
        server = grpc.aio.server()
        configure(server)
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        try:
            async with fail_after(10), GRPCConnection(f"grpc://127.0.0.1:{port}") as connection:
                return await use(GRPCReflection(connection))
        finally:
            await server.stop(None)

    return run


async def test_a_server_that_knows_the_old_version_alone_is_asked_by_that(stranger):
    def configure(server):
        reflection.enable_server_reflection((V1ALPHA, "google.longrunning.Operations"), server)

    assert await stranger(configure, lambda server: server.services()) == [
        "google.longrunning.Operations"
    ]


async def test_a_server_that_tells_nothing_says_so(stranger):
    with pytest.raises(Unimplemented):
        await stranger(lambda server: None, lambda server: server.describe())


def liar(answer):
    """Make what configures a server whose reflection answers any question so."""

    async def converse(requests, context):
        async for request in requests:
            yield answer(request)

    def configure(server):
        handler = grpc.stream_stream_rpc_method_handler(
            converse, Request.FromString, Response.SerializeToString
        )
        handlers = {"ServerReflectionInfo": handler}
        server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(V1, handlers)])

    return configure


def with_files(*made):
    def answer(request):
        response = Response(original_request=request)
        if request.WhichOneof("message_request") == "list_services":
            response.list_services_response.service.add(name="acme.v1.Lie")
        else:
            texts = [each if isinstance(each, bytes) else each.SerializeToString() for each in made]
            response.file_descriptor_response.file_descriptor_proto.extend(texts)
        return response

    return answer


def file(name, *needs, **more):
    return descriptor_pb2.FileDescriptorProto(name=name, dependency=needs, **more)


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (with_files(), "do not describe"),
        (with_files(b"\xff\xff"), "sent no file"),
        (with_files(file("a.proto")), "do not describe"),
        (with_files(file("a.proto", "b.proto")), r"does not tell its file b\.proto"),
        (with_files(file("a.proto", "b.proto"), file("b.proto", "a.proto")), "in a circle"),
        (with_files(file("a.proto", "a.proto")), "in a circle"),
        (with_files(file("a.proto", package="no package!")), "makes no sense"),
        (lambda request: Response(), "acme|describe|services"),
    ],
    ids=["nothing", "garbage", "empty", "missing", "circle", "itself", "senseless", "no answer"],
)
async def test_a_server_that_talks_nonsense_is_told_from_one_that_is_down(stranger, answer, text):
    wanted = method("Add", service="acme.v1.Lie")
    with pytest.raises(Internal, match=text):
        await stranger(liar(answer), lambda server: server.endpoint(wanted)(Call(wanted), {}))
