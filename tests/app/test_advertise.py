"""What others are told of where a service is."""

import re
from contextlib import suppress

import pytest

from kitfox import Service, fail_after, rpc
from kitfox.app import Server
from kitfox.app._advertise import (
    Advertise,
    AdvertiseError,
    advertised,
    asks_the_machine,
    machine_addresses,
)
from kitfox.registry import MemoryRegistry
from kitfox.transports.http import HTTP

EVERYWHERE = "http://0.0.0.0:8080"
EVERYWHERE_6 = "http://[::]:8080"
HERE = "http://127.0.0.1:8080"
UNIX = "http+unix://%2Frun%2Fshop.sock"
MACHINE = ("127.0.1.1", "fe80::1%eth0", "fd00::7", "192.0.2.7", "192.0.2.8")


def told(listening: str, said: str = "", machine: tuple[str, ...] = MACHINE) -> str:
    (address,) = advertised([listening], Advertise.parse(said), machine)
    return address


@pytest.mark.parametrize("address", [HERE, "http://shop.example:80", UNIX])
def test_an_address_that_can_be_called_is_told_as_it_is(address: str):
    assert told(address) == address
    assert not asks_the_machine([address], Advertise())


def test_in_the_place_of_a_wildcard_others_are_told_an_address_of_the_machine():
    assert asks_the_machine([HERE, EVERYWHERE], Advertise())
    assert told(EVERYWHERE) == "http://192.0.2.7:8080"
    assert told(EVERYWHERE_6) == "http://[fd00::7]:8080"
    assert told(EVERYWHERE_6, machine=MACHINE[3:]) == "http://192.0.2.7:8080"


@pytest.mark.parametrize("machine", [(), MACHINE[:2], MACHINE[:3]])
def test_a_machine_without_an_address_that_others_can_call_must_be_told_one(machine):
    with pytest.raises(
        AdvertiseError, match=r'nobody can call http://0\.0\.0\.0:8080,.*advertise = "'
    ):
        told(EVERYWHERE, machine=machine)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("shop.example", "http://shop.example:8080"),
        ("192.0.2.9:80", "http://192.0.2.9:80"),
        ("[fd00::9]", "http://[fd00::9]:8080"),
        ("[fd00::9]:80", "http://[fd00::9]:80"),
        ("https://shop.example/stock", "https://shop.example/stock"),
    ],
)
def test_what_an_operator_says_is_told(said: str, expected: str):
    for listening in (EVERYWHERE, EVERYWHERE_6, HERE):
        assert told(listening, said, machine=()) == expected
    assert not asks_the_machine([EVERYWHERE], Advertise.parse(said))


def test_a_host_goes_for_all_listeners_and_leaves_a_unix_socket_alone():
    said = Advertise.parse("shop.example")
    assert advertised([HERE, "http://0.0.0.0:81", UNIX], said, ()) == (
        "http://shop.example:8080",
        "http://shop.example:81",
        UNIX,
    )


def test_where_a_server_of_nats_is_stays_as_it_is():
    nats = "nats://127.0.0.1:4222"
    said = Advertise.parse("shop.example:81")
    assert advertised([HERE, nats], said, ()) == ("http://shop.example:81", nats)
    assert advertised([nats], Advertise(), ()) == (nats,)


def test_a_url_goes_for_all_listeners_and_one_port_for_one_only():
    said = Advertise.parse("https://shop.example")
    assert advertised([HERE, EVERYWHERE], said, ()) == ("https://shop.example",)
    with pytest.raises(AdvertiseError, match="one port, but there are 2 listeners"):
        advertised([HERE, EVERYWHERE], Advertise.parse("shop.example:80"), ())


@pytest.mark.parametrize(
    "text",
    [
        *(":80", "a b", "shop:port", "shop:99999", "shop:0", "fd00::9", "[fd00::9", "/x"),
        *("user@shop", "shop/stock", "0.0.0.0", "[::]:80", "http://", "http://0.0.0.0:80"),
    ],
)
def test_what_is_no_address_is_refused(text: str):
    with pytest.raises(AdvertiseError, match="expected a host, host:port or a URL"):
        Advertise.parse(text)


async def test_the_machine_tells_its_addresses_or_none():
    assert all(":" in host or host.count(".") == 3 for host in await machine_addresses())


class Echo(Service, name="acme.Echo"):
    @rpc
    async def say(self, text: str) -> str:
        return text


async def registered(server: Server, registry: MemoryRegistry) -> tuple[str, ...]:
    """Run a server, and return where others would call it."""
    async with fail_after(10), server.running() as told:
        watch = registry.watch("acme.Echo")
        (instance,) = await anext(watch)
        await watch.aclose()
    assert told == instance.addresses, "who starts it is told the same"
    return told


def anywhere(registry: MemoryRegistry, advertise: str = "") -> Server:
    listeners = [HTTP("0.0.0.0:0", public=True)]
    return Server(Echo(), listeners=listeners, registrar=registry, advertise=advertise, notice=0)


async def test_what_is_advertised_is_what_gets_registered():
    registry = MemoryRegistry()
    (url,) = await registered(anywhere(registry, "shop.example"), registry)
    assert re.fullmatch(r"http://shop\.example:[1-9]\d*", url)


async def test_an_address_that_nobody_can_call_is_never_registered():
    registry = MemoryRegistry()
    told: tuple[str, ...] = ()
    with suppress(AdvertiseError):  # this machine's name may stand for a loopback only
        told = await registered(anywhere(registry), registry)
    assert not [url for url in told if url.startswith(("http://0.0.0.0", "http://127."))]


async def test_without_a_registrar_nobody_has_to_be_told():
    server = Server(Echo(), listeners=[HTTP("0.0.0.0:0", public=True)])
    async with fail_after(10), server.running() as (url,):
        assert url.startswith("http://0.0.0.0:")
