"""From a description to an AsyncAPI 3.0 document: the methods as message brokers see them.

https://www.asyncapi.com/docs/reference/specification/v3.0.0
"""

from inspect import cleandoc

from kitfox.schema._description import DEFINITION, Description, MethodDescription
from kitfox.schema._json_schema import COMPONENT, mapping, sequence

_STREAMED = {"request": ("client_stream", "bidi_stream"), "reply": ("server_stream", "bidi_stream")}


def asyncapi(title: str, version: str, description: Description) -> dict[str, object]:
    """Return the AsyncAPI document: for each method a channel of requests, and one of replies."""
    channels: dict[str, object] = {}
    operations: dict[str, object] = {}
    messages: dict[str, object] = {}
    for method in description.methods:
        for part, schema in (("request", method.request), ("reply", method.reply)):
            name = f"{method.full_name}.{part}"
            channels[name] = _channel(method, part)
            messages[name] = {"name": name, "payload": _moved(schema)}
        operations[method.full_name] = _operation(method)
    return {
        "asyncapi": "3.0.0",
        "info": {"title": title, "version": version},
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": operations,
        "components": {
            "messages": messages,
            "schemas": {name: _moved(schema) for name, schema in description.types.items()},
        },
    }


def _channel(method: MethodDescription, part: str) -> dict[str, object]:
    """Return the Channel Object. Where replies go, each request says: their address is null."""
    name = f"{method.full_name}.{part}"
    return {
        "address": method.full_name if part == "request" else None,
        "messages": {part: {"$ref": f"#/components/messages/{name}"}},
        "x-kitfox-stream": method.kind in _STREAMED[part],
    }


def _operation(method: MethodDescription) -> dict[str, object]:
    return {
        "action": "receive",
        **_doc(method.doc),
        **_messages(method, "request"),
        "reply": _messages(method, "reply"),
        "x-kitfox-kind": method.kind,
        "x-kitfox-idempotent": method.idempotent,
    }


def _messages(method: MethodDescription, part: str) -> dict[str, object]:
    channel = f"#/channels/{method.full_name}.{part}"
    return {"channel": {"$ref": channel}, "messages": [{"$ref": f"{channel}/messages/{part}"}]}


def _doc(doc: str) -> dict[str, object]:
    first, _, rest = cleandoc(doc).partition("\n")
    parts = {"summary": first.strip(), "description": rest.strip()}
    return {key: value for key, value in parts.items() if value}


def _moved(value: object) -> object:
    """Return a schema whose references lead to where AsyncAPI keeps schemas.

    Without OpenAPI's discriminators, which AsyncAPI does not know: a union's members tell
    themselves apart by the one value that a field of each has.
    """
    if isinstance(value, str):
        return value.replace(DEFINITION, COMPONENT) if value.startswith(DEFINITION) else value
    if parts := mapping(value):
        return {key: _moved(part) for key, part in parts.items() if key != "discriminator"}
    items = sequence(value)
    return [_moved(item) for item in items] if items else value
