"""What a server tells callers of itself."""

from kitfox import Service, fail_after, rpc
from kitfox.app import Server
from kitfox.net import HTTPClient
from kitfox.schema import Reflection, read_description
from kitfox.transports.http import HTTP, HTTPConnection
from kitfox.transports.memory import Memory


class Echo(Service, name="acme.Echo"):
    @rpc
    async def say(self, text: str) -> str:
        return text


async def test_callers_are_told_what_is_served_on_every_wire():
    memory = Memory()
    async with (
        fail_after(10),
        Server(Echo(), listeners=[memory, HTTP()]).running() as (_, url),
        HTTPConnection(url) as connection,
    ):
        told = [await Reflection.client(wire).describe() for wire in (memory, connection)]
    for text in told:
        (method,) = read_description(text.encode()).methods
        assert (method.full_name, method.kind) == ("acme.Echo.Say", "unary")


async def test_a_page_for_people_shows_only_what_people_wrote():
    async with (
        fail_after(10),
        Server(Echo(), listeners=[HTTP()]).running() as (url,),
        HTTPClient() as client,
    ):
        page = await client.request("GET", f"{url}/openapi.json")
    assert b"acme.Echo.Say" in page.body
    assert b"Reflection" not in page.body
