import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from kitfox.net import HANDED_OVER, Sockets, address_of, bind, share, to_hand_over, to_inherit


def port_of(listening: socket.socket) -> str:
    return address_of(listening).rpartition(":")[2]


@pytest.fixture
def handed():
    with bind(":0") as listening:
        yield listening


def test_a_listener_is_given_the_socket_of_its_name(handed):
    with bind(":0") as other:
        sockets = Sockets([("portal http", other), ("grading http", handed)])
        assert sockets.bind(":0", "grading http") is handed
        assert sockets.bind(":0", "portal http") is other


def test_without_a_name_the_address_decides(handed):
    assert Sockets([("", handed)]).bind(address_of(handed)) is handed
    assert Sockets([("", handed)]).bind(f"localhost:{port_of(handed)}") is handed


def test_who_listens_everywhere_takes_what_is_bound_to_all_addresses_of_either_version():
    with socket.create_server(("::", 0), family=socket.AF_INET6) as listening:
        address = f"0.0.0.0:{port_of(listening)}"
        assert Sockets([("web", listening)]).bind(address, "grading http") is listening


def test_a_unix_socket_is_found_by_its_path(tmp_path):
    with bind(f"unix:{tmp_path}/s") as listening:
        assert Sockets([("", listening)]).bind(f"unix:{tmp_path}/s") is listening


def test_a_socket_is_given_once_and_then_the_address_is_taken(handed):
    sockets = Sockets([("", handed)])
    sockets.bind(address_of(handed))
    with pytest.raises(OSError, match="is taken"):
        sockets.bind(address_of(handed))


@pytest.mark.parametrize("address", [":0", "127.9.9.9:{port}"])
def test_an_address_that_no_socket_has_is_opened_anew(handed, address):
    with Sockets([("", handed)]).bind(address.format(port=port_of(handed))) as opened:
        assert opened is not handed


def test_a_host_that_is_not_known_is_refused_in_words(handed):
    with pytest.raises(OSError, match="is not known here"):
        Sockets([("", handed)]).bind(f"nowhere.invalid:{port_of(handed)}")


def test_what_is_handed_over_and_no_socket_is_named():
    with Path(os.devnull).open() as file:
        handed_over = {HANDED_OVER: f"{file.fileno()} portal http"}
        with pytest.raises(OSError, match=f"descriptor {file.fileno()} was handed over"):
            Sockets.inherit(handed_over, os.getpid())


def test_what_nobody_took_is_closed(handed):
    Sockets([("", handed)]).close()
    assert handed.fileno() == -1


HEIR = """
import os, subprocess, sys
from kitfox.net import Sockets, address_of
sockets = Sockets.inherit(os.environ, os.getpid())
with sockets.bind(":0", "grading http://:0") as taken:
    print(address_of(taken), taken.get_inheritable(), taken.proto)
    left = subprocess.run(
        [sys.executable, "-c", "import os; print(os.environ.keys() & set(os.sys.argv[1:]), end=' ')"
         "; os.fstat(int(os.sys.argv[1]))", str(taken.fileno()), "KITFOX_SOCKETS", "LISTEN_FDS"],
        capture_output=True, close_fds=False, check=False, text=True,
    )
    print(left.stdout.strip(), left.stderr.splitlines()[-1:])
"""


def test_a_child_takes_over_and_its_own_children_know_nothing_of_it(handed):
    name = {handed.fileno(): "grading http://:0"}
    run = subprocess.run(
        [sys.executable, "-c", HEIR],
        env={**os.environ, HANDED_OVER: to_hand_over(name)},
        pass_fds=[handed.fileno()],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    first, second = run.stdout.splitlines()
    assert first.split() == [address_of(handed), "False", str(socket.IPPROTO_TCP)], run.stderr
    assert second == "set() ['OSError: [Errno 9] Bad file descriptor']"


SHARING = """
import os
from kitfox.net import Sockets, address_of, to_inherit
with Sockets.inherit(os.environ, os.getpid()).bind(":0", "web") as taken:
    print(address_of(taken), [os.get_inheritable(fd) for fd in to_inherit(taken, "web")])
"""


def test_a_socket_that_is_shared_stays_so_when_it_is_handed_on():
    with share(bind(":0"), 2) as shared:
        handed = to_inherit(shared, "web")
        run = subprocess.run(
            [sys.executable, "-c", SHARING],
            env={**os.environ, HANDED_OVER: to_hand_over(handed)},
            pass_fds=handed,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert run.stdout == f"{address_of(shared)} [False, False]\n", run.stderr
    assert to_inherit(shared, "") == {-1: ""}


ACTIVATED = """
import os
from kitfox.net import Sockets, address_of
environ = {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1", "LISTEN_FDNAMES": "web", "REST": ""}
with Sockets.inherit(environ, os.getpid()).bind(":0", "web") as taken:
    print(address_of(taken), taken.fileno(), environ)
"""


def test_systemds_convention_is_understood_with_its_names(handed, activated):
    assert activated(ACTIVATED, handed) == f"{address_of(handed)} 3 {{'REST': ''}}\n"


@pytest.mark.parametrize("text", ["x", "3 a\nb c", "-1 a"])
def test_a_senseless_variable_is_refused(text):
    with pytest.raises(ValueError, match=HANDED_OVER):
        Sockets.inherit({HANDED_OVER: text}, 42)
