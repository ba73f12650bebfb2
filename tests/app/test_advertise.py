"""What others are told of where a service is."""

import pytest

from kitfox.app._advertise import (
    Advertise,
    AdvertiseError,
    advertised,
    asks_the_machine,
    machine_addresses,
)

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
