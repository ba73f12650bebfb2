"""Whether somebody listens, asked of addresses that anybody may have written."""

import socket

import pytest

from kitfox.net import bind
from kitfox.services.registry._probe import listens, target


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("http://127.0.0.1:7700", ("127.0.0.1", 7700)),
        ("https://[::1]", ("::1", 443)),
        ("tcp://users:1", ("users", 1)),
        ("tcp://users", None),
        ("http://users:0", None),
        ("http://users:65536", None),
        ("http://users:-1", None),
        ("http://[::1", None),
        ("http://", None),
        ("unix:/run/users.sock", None),
        ("", None),
    ],
)
def test_host_and_port_of_an_address_are_found(address, found):
    assert target(address) == found


async def test_who_listens_is_found_out_by_connecting():
    with bind(":0") as listening:
        port = listening.getsockname()[1]
        assert await listens("127.0.0.1", port)
    assert not await listens("127.0.0.1", port)


async def test_who_accepts_nothing_in_time_does_not_listen():
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, socket.socket() as first:
        first.connect(full.getsockname())  # takes the only place in the queue
        assert not await listens(*full.getsockname())


@pytest.mark.parametrize("host", ["a" * 64, "a..b", "nowhere.invalid"])
async def test_nobody_listens_at_a_name_that_does_not_exist(host):
    assert not await listens(host, 80)
