"""How a running server is asked what it offers."""

import msgspec

from kitfox.app import tls_of
from kitfox.cli._ask import this_system
from kitfox.cli._json_schema import Schema
from kitfox.cli._openapi import read_openapi
from kitfox.cli._remote import Description, Said, remote_method
from kitfox.cli._untyped import untyped
from kitfox.core import Internal, Kind, NotFound, Unavailable, Unimplemented
from kitfox.net import HTTPClient, HTTPError
from kitfox.schema import Description as Document, MethodDescription

_NO_DESCRIPTION = (Unimplemented, NotFound, Internal, msgspec.MsgspecError)


async def description_at(url: str) -> Description:
    """Ask a server for its methods; one that is mounted in another tells them by OpenAPI alone.

    Raises NotFound, Unavailable.
    """
    try:
        return described(await document_at(url))
    except NotFound:
        if not url.startswith("http"):
            raise
    try:
        return read_openapi(await openapi_at(url))
    except msgspec.MsgspecError as error:
        raise Unavailable(f"{url}: its OpenAPI is not kitfox's: {error}") from None


async def document_at(url: str) -> Document:
    """Ask a server for its description; raise NotFound when it has none, Unavailable."""
    try:
        async with untyped(url) as connection:
            return await connection.describe()
    except _NO_DESCRIPTION as error:
        raise NotFound(f"{url} does not tell what it offers: {error}") from None


def described(document: Document) -> Description:
    """Return the methods of a description."""
    types = msgspec.convert(document.types, dict[str, Schema])
    methods = (remote_method(_said(method), types) for method in document.methods)
    return Description(tuple(methods), types)


def _said(method: MethodDescription) -> Said:
    return Said(
        name=method.full_name,
        kind=Kind(method.kind),
        request=msgspec.convert(method.request, Schema),
        reply=msgspec.convert(method.reply, Schema),
        idempotent=method.idempotent,
        doc=method.doc,
    )


async def openapi_at(url: str) -> bytes:
    """Ask a server on HTTP for its OpenAPI document; NotFound, Unavailable."""
    page = f"{url.rstrip('/')}/openapi.json"
    system = this_system()
    headers = [(b"authorization", f"Bearer {system.token}".encode())] if system.token else []
    try:
        async with HTTPClient(tls=tls_of(system.tls)) as client:
            reply = await client.request("GET", page, headers=headers, idempotent=True)
    except HTTPError as error:
        raise Unavailable(f"{page}: {error}") from None
    if reply.status != 200:
        raise NotFound(f"{page} answers {reply.status}: is this a kitfox server?")
    return reply.body
