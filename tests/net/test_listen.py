import socket
import stat

import pytest

from kitfox.net import (
    Address,
    UnixAddress,
    address_of,
    bind,
    inherited,
    is_loopback,
    is_reserved,
    parse_address,
    reserve,
)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (":8080", Address("127.0.0.1", 8080)),
        ("0.0.0.0:0", Address("0.0.0.0", 0)),
        ("[::1]:65535", Address("::1", 65535)),
        ("registry.local:3000", Address("registry.local", 3000)),
        ("unix:/run/kitfox.sock", UnixAddress("/run/kitfox.sock")),
    ],
)
def test_an_address_is_read(text, address):
    assert parse_address(text) == address


@pytest.mark.parametrize("text", ["127.0.0.1:80", "[::1]:80", "name:0", "unix:/a/b"])
def test_an_address_is_written_as_it_was_read(text):
    assert str(parse_address(text)) == text


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "has no port"),
        ("localhost", "has no port"),
        (":", "port '' is not a number"),
        (":65536", "port '65536'"),
        (":-1", "port '-1'"),
        (":٣", "is not a number"),
        (":000080000", "is not a number"),
        ("::1:80", "in brackets"),
        ("[::g]:80", "'::g' is not an IP address of version 6"),
        ("[127.0.0.1]:80", "version 6"),
        ("a b:80", "'a b' is not a host"),
        ("a\0b:80", "is not a host"),
        ("a\r\nb:80", "is not a host"),
        ("[fe80::1%a b]:80", "'a b' is not a zone"),
        ("[fe80::1%\0]:80", "is not a zone"),
        ("unix:/a\0b", "absolute path"),
        ("http://host:80", "in brackets|is not a host"),
        ("unix:relative", "absolute path"),
        ("unix:", "absolute path"),
    ],
)
def test_a_malformed_address_is_refused_with_the_part_that_is_wrong(text, complaint):
    with pytest.raises(ValueError, match=complaint):
        parse_address(text)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.9.9.9", "::1", "localhost", "LOCALHOST", "::ffff:127.0.0.1"]
)
def test_a_loopback_host_is_known(host):
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "example.com", "", "::ffff:8.8.8.8"])
def test_any_other_host_is_not_loopback(host):
    assert not is_loopback(host)


def test_port_zero_picks_a_free_port_and_the_socket_listens():
    with bind(":0") as listening:
        place = parse_address(address_of(listening))
        assert isinstance(place, Address)
        assert place.host == "127.0.0.1"
        socket.create_connection((place.host, place.port), timeout=5).close()


def test_a_version_6_address_is_bound():
    with bind("[::1]:0") as listening:
        assert listening.family == socket.AF_INET6
        assert address_of(listening).startswith("[::1]:")


def test_a_taken_port_is_refused_in_words():
    with bind(":0") as first:
        address = address_of(first)
        port = address.rpartition(":")[2]
        with pytest.raises(OSError, match=f"port {port} is taken"):
            bind(address)


def test_an_address_of_another_machine_is_refused_in_words():
    with pytest.raises(OSError, match=r"192\.0\.2\.1 is not an address of this machine"):
        bind("192.0.2.1:0")


@pytest.mark.parametrize("host", ["a" * 64, "a..b"])
def test_a_name_that_no_dns_could_hold_is_refused_in_words(host):
    with pytest.raises(OSError, match=f"host '{host}' is not known here"):
        bind(f"{host}:0")


def test_an_unknown_host_is_refused_in_words():
    with pytest.raises(OSError, match=r"host .nowhere\.invalid. is not known"):
        bind("nowhere.invalid:80")


def test_a_port_is_free_again_as_soon_as_its_socket_is_closed():
    with bind(":0") as first:
        address = address_of(first)
        place = parse_address(address)
        client = socket.create_connection((place.host, place.port), timeout=5)
        first.settimeout(5)
        accepted, _ = first.accept()
        accepted.close()  # the server closes first: its side waits in TIME_WAIT
        client.close()
    bind(address).close()


def test_a_unix_socket_is_open_to_its_owner_only(tmp_path):
    path = tmp_path / "s"
    with bind(f"unix:{path}") as listening:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert address_of(listening) == f"unix:{path}"


def test_a_unix_socket_left_by_a_dead_process_is_replaced(tmp_path):
    bind(f"unix:{tmp_path}/s").close()
    assert (tmp_path / "s").is_socket()
    bind(f"unix:{tmp_path}/s").close()


def test_a_link_to_a_stale_socket_is_replaced_and_what_it_points_to_stays(tmp_path):
    target, link = tmp_path / "target", tmp_path / "link"
    with bind(f"unix:{target}"):
        pass
    link.symlink_to(target)
    with bind(f"unix:{link}"):
        assert not link.is_symlink()
        assert target.is_socket()


def test_a_unix_socket_that_answers_is_not_taken_away(tmp_path):
    with (
        bind(f"unix:{tmp_path}/s"),
        pytest.raises(OSError, match="is taken; another process listens there"),
    ):
        bind(f"unix:{tmp_path}/s")


def test_a_file_that_is_no_socket_is_left_alone(tmp_path):
    path = tmp_path / "precious"
    path.write_text("data")
    with pytest.raises(OSError, match="is not a socket"):
        bind(f"unix:{path}")
    assert path.read_text() == "data"


def test_a_unix_socket_in_a_missing_folder_is_refused_in_words(tmp_path):
    with pytest.raises(OSError, match="cannot listen at unix:"):
        bind(f"unix:{tmp_path}/missing/s")


_HEIR = """
import os
from kitfox.net import address_of, inherited
[first] = inherited({"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1"}, os.getpid())
print(address_of(first), first.get_inheritable(), first.gettimeout())
"""


def test_a_socket_is_handed_over_to_another_process(activated):
    with bind(":0") as listening:
        said = activated(_HEIR, listening)
        assert said.split() == [address_of(listening), "False", "0.0"]


@pytest.mark.parametrize(
    "environ", [{}, {"LISTEN_FDS": "1"}, {"LISTEN_FDS": "1", "LISTEN_PID": "41"}]
)
def test_sockets_meant_for_another_process_are_not_adopted(environ):
    assert inherited(environ, 42) == []


@pytest.mark.parametrize("count", ["", "x", "-1", "65", "99999999"])
def test_a_senseless_count_of_handed_over_sockets_is_refused(count):
    with pytest.raises(ValueError, match="LISTEN_FDS"):
        inherited({"LISTEN_FDS": count, "LISTEN_PID": "42"}, 42)


def test_a_listening_socket_names_its_protocol_so_that_replies_are_not_delayed():
    with bind(":0") as listening:
        assert listening.proto == socket.IPPROTO_TCP


def test_a_reserved_port_stays_and_can_be_shared_by_those_who_open_it_themselves():
    with reserve(":0") as kept:
        assert is_reserved(kept)
        with pytest.raises(OSError, match="is taken"):
            bind(address_of(kept))
        with reserve(address_of(kept)) as first, reserve(address_of(kept)) as second:
            first.listen()
            second.listen()
            assert not is_reserved(first)


def test_a_port_that_somebody_listens_at_cannot_be_reserved():
    with bind(":0") as listening, pytest.raises(OSError, match="is taken"):
        reserve(address_of(listening))
