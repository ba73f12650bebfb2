import pytest

from kitfox.core import InvalidArgument, PermissionDenied, Unauthenticated
from kitfox.services.registry._gate import Gate


@pytest.mark.parametrize("peer", ["127.0.0.1:4000", "[::1]:4000", "memory:", "unix:", ""])
def test_without_a_token_this_machine_is_served(peer: str):
    Gate().admit(peer, "")


@pytest.mark.parametrize("peer", ["10.0.0.7:4000", "[2001:db8::1]:4000"])
def test_without_a_token_other_machines_are_not(peer: str):
    with pytest.raises(PermissionDenied, match="not served without a token"):
        Gate().admit(peer, "")
    with pytest.raises(PermissionDenied):
        Gate().admit_original(peer, "")


def test_an_allow_list_has_addresses_networks_and_names():
    gate = Gate(allow=["10.0.0.0/24", "2001:db8::1", "registry.test"])
    gate.admit("10.0.0.7:1", "")
    gate.admit("[2001:db8::1]:1", "")
    assert gate.may_call("registry.test", "127.0.0.1:1")
    with pytest.raises(PermissionDenied):
        gate.admit("10.0.1.7:1", "")


def test_with_a_token_every_call_must_show_it():
    gate = Gate(token="s3cret")
    gate.admit("10.0.0.7:1", "Bearer s3cret")
    for shown in ("", "Bearer", "Bearer wrong", "Basic s3cret", "s3cret"):
        with pytest.raises(Unauthenticated):
            gate.admit("127.0.0.1:1", shown)


def test_the_original_protocol_needs_no_token_on_this_machine():
    gate = Gate(token="s3cret")
    gate.admit_original("127.0.0.1", "")
    with pytest.raises(Unauthenticated):
        gate.admit_original("10.0.0.7", "")


@pytest.mark.parametrize(
    ("url", "peer"),
    [
        ("http://localhost:6000/services", "127.0.0.1"),
        ("http://127.0.0.1:6000/services", "::1"),
        ("http://[::1]:6000/services", "127.0.0.1"),
        ("http://10.0.0.7:6000/services", "10.0.0.7"),
        ("http://[::ffff:10.0.0.7]:6000/", "10.0.0.7"),
    ],
)
def test_a_peer_may_name_its_own_address(url: str, peer: str):
    Gate().check_url("HeartbeatURL", url, peer)


@pytest.mark.parametrize(
    ("url", "peer"),
    [
        ("http://169.254.169.254/latest/meta-data", "127.0.0.1"),
        ("http://localhost:22/", "10.0.0.7"),
        ("http://127.0.0.1:22/", "10.0.0.7"),
        ("http://10.0.0.8/", "10.0.0.7"),
        ("http://example.test/", "127.0.0.1"),
        ("http://2130706433/", "10.0.0.7"),
    ],
)
def test_a_peer_may_not_name_somebody_else(url: str, peer: str):
    with pytest.raises(PermissionDenied, match=r"HeartbeatURL: .* is neither"):
        Gate().check_url("HeartbeatURL", url, peer)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "file:///etc/passwd",
        "localhost:6000",
        "http://",
        "http://user@localhost/",
        "http://[::1/",
        "http://localhost/#top",
        "http://localhost/a b",
        "http://localhost/\r\nHost: evil",
        "http://localhost/ö",
        "http://localhost:port/",
    ],
)
def test_what_is_no_http_url_is_refused(url: str):
    with pytest.raises(InvalidArgument, match="HeartbeatURL: "):
        Gate().check_url("HeartbeatURL", url, "127.0.0.1")


def test_a_malformed_network_is_refused_at_the_start():
    with pytest.raises(ValueError, match="host bits"):
        Gate(allow=["10.0.0.7/24"])
