import json
from typing import Annotated

import msgspec
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from kitfox.core import Service, methods_of, rpc
from kitfox.schema import Operation, openapi


def method_taking(hint, **options):
    class Probe(Service):
        @rpc(**options)
        async def ask(self, field: hint) -> None:
            """Ask."""

    return methods_of(Probe)["ask"]


def posted(method):
    return Operation(method, "POST", method.path)


def operation_in(document, verb, path):
    return document["paths"][path][verb]


def media(holder):
    ((media_type, content),) = holder["content"].items()
    return media_type, content["schema"]


def component(document, name):
    return document["components"]["schemas"][name]


def field_schema(hint):
    """What the document says of a field of a type."""
    document = openapi("t", "1", [posted(method_taking(hint))])
    return component(document, "ProbeAskRequest")["properties"]["field"]


def parameter_of(hint, **options):
    operation = Operation(method_taking(hint), "GET", "/", (), ("field",), body=False)
    (parameter,) = operation_in(openapi("t", "1", [operation]), "get", "/")["parameters"]
    return parameter


def test_the_document_is_valid(document):
    assert list(OpenAPIV31SpecValidator(document).iter_errors()) == []


def test_a_service_without_operations_has_a_valid_document_too():
    assert list(OpenAPIV31SpecValidator(openapi("none", "0", [])).iter_errors()) == []


def test_the_order_of_the_operations_changes_nothing(operations, document):
    turned = openapi("School <1>", "1.2", operations[::-1])
    assert json.dumps(turned) == json.dumps(document)


def test_an_operation_says_what_its_method_says(document):
    get = operation_in(document, "get", "/users/{id}")
    assert get["operationId"] == "acme.v1.Users.Get"
    assert get["tags"] == ["acme.v1.Users"]
    assert get["summary"] == "Look one user up."
    assert get["description"].splitlines() == [
        "Only `fields` are filled when they are named.",
        "",
        "NOT_FOUND when there is none.",
    ]
    assert get["x-kitfox-kind"] == "unary"
    assert get["x-kitfox-idempotent"] is True


def test_a_method_without_documentation_has_no_summary(document):
    area = operation_in(document, "post", "/acme.v1.Shapes/Area")
    assert not {"summary", "description"} & set(area)


def test_fields_in_path_and_query_are_parameters_and_there_is_no_body(document):
    get = operation_in(document, "get", "/users/{id}")
    assert "requestBody" not in get
    assert get["parameters"] == [
        {
            "name": "id",
            "in": "path",
            "required": True,
            "description": "The key of a `User`",
            "schema": {"type": "integer", "minimum": 1},
        },
        {
            "name": "fields",
            "in": "query",
            "required": False,
            "schema": {"type": "array", "items": {"type": "string"}},
        },
    ]


def test_what_path_and_query_leave_is_the_body(document):
    put = operation_in(document, "put", "/users/{id}")
    media_type, schema = media(put["requestBody"])
    assert media_type == "application/json"
    assert put["requestBody"]["required"] is True
    assert list(schema["properties"]) == ["name", "note"]
    assert schema["required"] == ["name"]


def test_two_verbs_share_one_path(document):
    assert set(document["paths"]["/users/{id}"]) == {"get", "put"}


def test_a_stream_of_replies_is_a_stream_of_events(document):
    watch = operation_in(document, "post", "/acme.v1.Users/Watch")
    assert watch["x-kitfox-kind"] == "server_stream"
    assert media(watch["responses"]["200"]) == (
        "text/event-stream",
        {"$ref": "#/components/schemas/User"},
    )


def test_every_operation_may_fail_with_a_problem(document):
    for item in document["paths"].values():
        for operation in item.values():
            assert operation["responses"]["default"] == {"$ref": "#/components/responses/Problem"}
    media_type, schema = media(document["components"]["responses"]["Problem"])
    assert media_type == "application/problem+json"
    problem = component(document, schema["$ref"].rpartition("/")[2])
    assert set(problem["properties"]) == {
        *("type", "title", "status", "detail", "code", "details", "trace_id")
    }
    codes = problem["properties"]["code"]["enum"]
    assert len(codes) == 16
    assert "not_found" in codes
    assert "ok" not in codes


def test_only_components_that_somebody_needs_are_listed(document):
    assert set(document["components"]["schemas"]) == {
        *("User", "Role", "Page_User_", "Filter", "Token", "UsersLogInRequest", "Empty"),
        *("Circle", "Square", "ShapesAreaRequest", "ShapesAreaReply"),
        *("Grade", "ShapesGradeReply", "Folder", "Problem"),
    }


@pytest.mark.parametrize(
    ("hint", "schema"),
    [
        (Annotated[int, msgspec.Meta(gt=0, le=9)], {"exclusiveMinimum": 0, "maximum": 9}),
        (Annotated[str, msgspec.Meta(pattern="^a", max_length=3)], {"pattern": "^a"}),
        (Annotated[list[int], msgspec.Meta(min_length=1)], {"minItems": 1, "type": "array"}),
        (dict[str, float], {"additionalProperties": {"type": "number"}}),
        (tuple[int, str], {"prefixItems": [{"type": "integer"}, {"type": "string"}]}),
        (bytes, {"contentEncoding": "base64"}),
        (int | None, {"anyOf": [{"type": "integer"}, {"type": "null"}]}),
    ],
    ids=str,
)
def test_a_field_is_described_by_its_hint(hint, schema):
    described = field_schema(hint)
    assert {key: described[key] for key in schema} == schema


def test_a_dataclass_an_attrs_class_and_a_typed_dict_are_told_with_their_fields(document):
    score = component(document, "Grade")["properties"]["score"]
    assert (score["minimum"], score["maximum"]) == (0, 100)
    assert component(document, "Token")["required"] == ["secret", "expires"]
    assert component(document, "Filter")["required"] == []


def test_a_tagged_union_names_its_discriminator(document):
    shape = component(document, "ShapesAreaRequest")["properties"]["shape"]
    assert shape["discriminator"]["propertyName"] == "type"
    assert set(shape["discriminator"]["mapping"]) == {"circle", "square"}


def test_a_type_may_contain_itself(document):
    folders = component(document, "Folder")["properties"]["folders"]
    assert folders["items"] == {"$ref": "#/components/schemas/Folder"}


def test_a_parameter_is_left_out_rather_than_null():
    assert parameter_of(int | None)["schema"] == {"type": "integer"}
    several = parameter_of(int | str | None)["schema"]
    assert several == {"anyOf": [{"type": "integer"}, {"type": "string"}]}


def test_a_field_that_the_request_does_not_have_is_refused():
    operation = Operation(method_taking(int), "GET", "/x/{nr}", ("nr",), (), body=False)
    with pytest.raises(ValueError, match=r"GET /x/\{nr\}: .*Probe\.Ask has no field 'nr', .*field"):
        openapi("t", "1", [operation])


def struct_of(module):
    """A message named `Item`, as if defined in some module."""
    item = msgspec.defstruct("Item", [(module, int)])
    item.__module__ = module
    return item


def test_messages_of_one_name_from_two_modules_are_told_apart():
    class Probe(Service):
        @rpc
        async def swap(self, item: struct_of("one")) -> struct_of("two"): ...

    document = openapi("t", "1", [posted(methods_of(Probe)["swap"])])
    assert list(component(document, "one.Item")["properties"]) == ["one"]
    assert list(component(document, "two.Item")["properties"]) == ["two"]
    assert list(OpenAPIV31SpecValidator(document).iter_errors()) == []


def users_of(package, hint):
    class Users(Service, name=f"{package}.Users"):
        async def get(self, id: hint) -> None: ...

        get.__module__ = package
        rpc(get)

    return methods_of(Users)["get"]


def test_two_packages_may_have_a_service_of_one_name():
    methods = [users_of("acme", int), users_of("beta", str)]
    document = openapi("t", "1", map(posted, methods))
    kinds = {
        path: component(document, media(item["post"]["requestBody"])[1]["$ref"].rpartition("/")[2])
        for path, item in document["paths"].items()
    }
    assert kinds["/acme.Users/Get"]["properties"]["id"] == {"type": "integer"}
    assert kinds["/beta.Users/Get"]["properties"]["id"] == {"type": "string"}


def test_two_versions_of_a_service_in_one_module_have_messages_of_their_own():
    class Users(Service, name="acme.v1.Users"):
        @rpc
        async def get(self, id: int) -> str: ...

    class Users2(Users, name="acme.v2.Users"):
        @rpc
        async def get(self, id: str) -> str: ...

    methods = [methods_of(version)["get"] for version in (Users, Users2)]
    document = openapi("t", "1", map(posted, methods))
    assert list(OpenAPIV31SpecValidator(document).iter_errors()) == []
    assert component(document, "acme.v1.Users.GetRequest")["properties"]["id"]["type"] == "integer"
    assert component(document, "acme.v2.Users.GetRequest")["properties"]["id"]["type"] == "string"
    assert set(document["components"]["schemas"]) >= {
        *("acme.v1.Users.GetReply", "acme.v2.Users.GetReply")
    }


def test_names_that_run_together_are_told_apart():
    class Users(Service, name="acme.Users"):
        @rpc
        async def get_all(self, id: int) -> None: ...

    class UsersGet(Service, name="acme.UsersGet"):
        @rpc
        async def all(self, id: str) -> None: ...

    methods = [methods_of(Users)["get_all"], methods_of(UsersGet)["all"]]
    names = set(openapi("t", "1", map(posted, methods))["components"]["schemas"])
    assert names >= {"acme.Users.GetAllRequest", "acme.UsersGet.AllRequest"}


def test_messages_that_even_their_full_names_do_not_tell_apart_are_refused():
    class Probe(Service):
        @rpc
        async def one(self, item: struct_of("same")) -> None: ...
        @rpc
        async def two(self, item: struct_of("same")) -> None: ...

    with pytest.raises(ValueError, match=r"two message types are both called same\.Item"):
        openapi("t", "1", map(posted, methods_of(Probe).values()))
