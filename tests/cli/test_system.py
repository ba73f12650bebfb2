"""A whole system of real processes under `kitfox up`, and every command that looks into it."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import chdir
from pathlib import Path
from typing import Self
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pytest
from click.testing import CliRunner, Result

from kitfox.cli import main
from kitfox.cli._exit import Exit

CONFIG = """
[system]
registry = "http://127.0.0.1:{port}"
token = "open sesame"

[service.front]
run = "shop:Front"
notice = "0s"
open = true

[service.stock]
run = "shop:Stock"
notice = "0s"

[service.logs]
run = "kitfox.services.logs:LogService"
notice = "0s"

[service.registry]
run = "kitfox.services.registry:build"
notice = "0s"
listen = "http://127.0.0.1:{port}"
"""

ALONE = """
[service.stock]
run = "shop:Stock"
notice = "0s"
"""


class Started:
    """A command that runs as a process; what it says goes to files."""

    def __init__(self, folder: Path, words: tuple[str, ...]) -> None:
        self._files = [folder / f"{words[0]}.{stream}" for stream in ("out", "err")]
        with self._files[0].open("w") as out, self._files[1].open("w") as err:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "kitfox", *words],
                cwd=folder,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
                stdout=out,
                stderr=err,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait(30)

    @property
    def out(self) -> str:
        return self._files[0].read_text()

    @property
    def err(self) -> str:
        return self._files[1].read_text()


class Up:
    """`kitfox up` in a folder, and other commands of kitfox there."""

    def __init__(self, folder: Path, config: str) -> None:
        self.folder = folder
        shutil.copy(Path(__file__).with_name("shop.py"), folder)
        (folder / "kitfox.toml").write_text(config)
        self._output = folder / "output"
        with self._output.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "kitfox", "up"], cwd=folder, stdout=output, stderr=output
            )

    @property
    def output(self) -> str:
        return self._output.read_text()

    def rows(self) -> dict[str, dict]:
        """The processes by name, as the status file tells them; none before there is one."""
        try:
            status = json.loads((self.folder / ".kitfox" / "processes.json").read_bytes())
        except FileNotFoundError:
            return {}
        return {row["name"]: row for row in status["processes"]}

    def pids(self) -> list[int]:
        return [row["pid"] for row in self.rows().values()]

    def ready(self) -> bool:
        rows = self.rows().values()
        return bool(rows) and all(row["state"] == "ready" for row in rows)

    def is_whole(self) -> bool:
        """Whether each service is registered, and nobody that is gone."""
        return [one["instances"] for one in self.json("services", "--json")] == [1, 1, 1]

    def run(self, *words: str) -> Result:
        """Run another command in the folder, in this process: that is quicker."""
        with chdir(self.folder):
            return CliRunner().invoke(main, words)

    def start(self, *words: str) -> "Started":
        """Start another command as a process."""
        return Started(self.folder, words)

    def json(self, *words: str):
        result = self.run(*words)
        assert result.exit_code == Exit.OK, result.stderr
        return json.loads(result.stdout)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        self.process.wait(60)


def eventually(reached: Callable[[], object], *, seconds: float = 30) -> None:
    """Poll what another process does, which tells us by no Event."""
    end = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return found.getsockname()[1]


@pytest.fixture(scope="module")
def system(tmp_path_factory) -> Iterator[Up]:
    """Registry, logs, stock and front, shared by the tests here."""
    up = Up(tmp_path_factory.mktemp("shop"), CONFIG.format(port=free_port()))
    try:
        eventually(up.ready)
        yield up
    finally:
        up.close()


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Up]:
    """One service and no registry, for tests that end it."""
    up = Up(tmp_path, ALONE)
    try:
        eventually(up.ready)
        yield up
    finally:
        up.close()


def test_up_shows_a_plain_table_and_what_to_open(system: Up):
    eventually(lambda: "Open http" in system.output)
    for name, row in system.rows().items():
        line = rf"^{name} +ready +{row['pid']} +\d+ +{re.escape(' '.join(row['addresses']))}$"
        assert re.search(line, system.output, re.MULTILINE)
    assert f"Open {system.rows()['front']['addresses'][0]} (front)" in system.output
    assert "\x1b" not in system.output


def test_the_registry_is_ready_before_the_logs_and_they_before_the_rest(system: Up):
    order = re.findall(r"^kitfox +\| (\w+) ready", system.output, re.MULTILINE)
    assert order[:2] == ["registry", "logs"]
    assert set(order[2:4]) == {"stock", "front"}


def test_the_systems_token_is_the_registrys_and_who_does_not_show_it_is_refused(system: Up):
    url = f"{system.rows()['registry']['addresses'][0]}/kitfox.v1.Registry/Services"
    with pytest.raises(HTTPError, match="401"):
        urlopen(Request(url, b"{}", {"content-type": "application/json"}))


def test_services_lists_what_is_registered(system: Up):
    listed = system.json("services", "--json")
    assert {one["name"]: one["instances"] for one in listed} == {
        "kitfox.v1.Logs": 1,
        "shop.v1.Front": 1,
        "shop.v1.Stock": 1,
    }
    assert re.search(r"^shop\.v1\.Stock +1$", system.run("services").stdout, re.MULTILINE)


def test_instances_tells_where_a_service_runs(system: Up):
    (one,) = system.json("instances", "stock", "--json")
    assert one["addresses"] == system.rows()["stock"]["addresses"]
    assert one["addresses"][0] in system.run("instances", "shop.v1.Stock").stdout


def test_an_instance_is_drained_and_given_weights_from_outside(system: Up):
    (one,) = system.json("instances", "stock", "--json")
    for words, weight in ((("drain",), 0), (("weight", "7"), 7), (("undrain",), 1)):
        verb, *number = words
        assert system.run(verb, one["id"], *number).exit_code == Exit.OK
        (seen,) = system.json("instances", "stock", "--json")
        assert seen["weight"] == weight
    unknown = system.run("drain", one["id"] + "x")
    assert unknown.exit_code == Exit.NOT_FOUND
    assert f'did you mean "{one["id"]}"?' in unknown.output


@pytest.mark.parametrize("words", [("instances", "Stok"), ("describe", "Stok"), ("call", "Stok.x")])
def test_a_service_that_is_unknown_is_not_found(system: Up, words):
    result = system.run(*words)
    assert result.exit_code == Exit.NOT_FOUND
    assert result.stderr.startswith('Error: not found: no service "Stok"')


def test_describe_shows_a_service_and_a_method(system: Up):
    service = system.run("describe", "stock").stdout
    assert "  Get(id: integer) -> Item\n      Look one item up.\n" in service
    assert "  Count(up_to: integer) -> stream of Item\n" in service
    method = system.run("describe", "stock.get").stdout
    assert method.startswith(
        "Get(id: integer) -> Item\n\n  Look one item up.\n\n  unary, idempotent\n"
    )
    assert "Item:\n  id    integer\n  name  string\n" in method


def test_describe_speaks_json(system: Up):
    described = system.json("describe", "shop.v1.Stock.Get", "--json")
    assert described["methods"][0]["fields"] == {"id": {"type": "integer"}}
    assert described["types"]["Item"]["required"] == ["id", "name"]


def test_schema_tells_what_a_running_service_offers(system: Up):
    (system.folder / "stock.json").write_text(system.run("schema", "export", "stock").stdout)
    exported = json.loads((system.folder / "stock.json").read_bytes())
    assert {method["name"] for method in exported["methods"]} == {"Get", "Count", "Sleep"}
    assert set(exported["$defs"]) >= {"Item", "StockGetRequest"}
    assert system.run("schema", "diff", "stock.json", "stock").stdout == "nothing has changed\n"
    assert system.run("schema", "diff", "stock.json", "shop:Stock").exit_code == Exit.OK
    openapi = system.json("schema", "export", "stock", "--openapi")
    assert "/shop.v1.Stock/Get" in openapi["paths"]


def test_call_sends_typed_words_or_json(system: Up):
    assert system.json("call", "stock.get", "id=3") == {"id": 3, "name": "item 3"}
    assert system.run("call", "shop.v1.Front.Show", "-d", '{"id": 4}').stdout == "item 4\n"


def test_call_prints_what_the_method_returns(system: Up):
    assert system.run("call", "front.show", "id=4").stdout == "item 4\n"
    assert system.json("call", "front.show", "id=4", "--json") == "item 4"
    assert system.run("call", "front.names").stdout == "tea\nsalt\n"
    assert system.run("call", "front.names", "--json").stdout == '"tea"\n"salt"\n'
    assert system.run("call", "front.close").stdout == ""
    assert system.json("call", "front.close", "--json") is None
    assert "  Show(id: integer) -> string\n" in system.run("describe", "front").stdout


def test_call_prints_a_stream_line_by_line(system: Up):
    lines = system.run("call", "stock.count", "up_to=3").stdout.splitlines()
    assert [json.loads(line)["id"] for line in lines] == [0, 1, 2]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["stock.get", "id=33"], Exit.NOT_FOUND, "Error: not found: no item 33"),
        (["stock.get", "id=x"], Exit.USAGE, 'Error: id: expected integer, got "x"'),
        (["stock.get", "-d", '{"id": "x"}'], Exit.USAGE, "Error: invalid argument: "),
        (["stock.nothing"], Exit.NOT_FOUND, 'Error: not found: no method "nothing"'),
        (["stock"], Exit.NOT_FOUND, "Error: not found: name a method too: shop.v1.Stock.{Count,"),
        (["stock.sleep", "--timeout", "1"], Exit.DEADLINE, "Error: "),
    ],
    ids=str,
)
def test_a_call_that_fails_says_why_and_exits_by_the_table(system: Up, words, code, said):
    result = system.run("call", *words)
    assert result.stderr.startswith(said)
    assert (result.exit_code, result.stdout) == (code, "")


def test_a_server_can_be_asked_without_its_registry(system: Up):
    address = system.rows()["stock"]["addresses"][0]
    words = ("call", "stock.get", "id=5", "--address", address, "--registry", "http://127.0.0.1:9")
    assert system.json(*words)["id"] == 5


def test_logs_are_collected_from_all_and_filtered(system: Up):
    system.run("call", "stock.get", "id=7")

    def found() -> list[str]:
        result = system.run("logs", "stock", "--grep", "LOOKING FOR 7", "--since", "1h", "--json")
        return result.stdout.splitlines()

    eventually(found)
    entry = json.loads(found()[0])
    assert (entry["message"], entry["service"]) == ("looking for 7", "stock")
    assert "stock looking for 7" in system.run("logs").stdout
    assert system.run("logs", "--level", "FATAL").stdout == ""


def test_following_the_logs_outlives_the_log_service_and_ends_quietly(system: Up):
    with system.start("logs", "-f", "-n", "1", "--grep", "looking for") as following:
        system.run("call", "stock.get", "id=8")
        eventually(lambda: "looking for 8\n" in following.out)
        os.kill(system.rows()["logs"]["pid"], signal.SIGKILL)
        eventually(lambda: following.err == "the log service is away; waiting for it\n")
        system.run("call", "stock.get", "id=9")
        eventually(lambda: "looking for 9\n" in following.out)
        assert following.out.count("looking for 8\n") == 1, "nothing comes twice"
        following.process.send_signal(signal.SIGINT)
        assert following.process.wait(30) == Exit.INTERRUPTED
        assert following.err == "the log service is away; waiting for it\n"
    eventually(system.is_whole)


def test_a_second_up_in_the_same_folder_is_refused(system: Up):
    with system.start("up") as second:
        assert second.process.wait(30) == Exit.FAILED
        assert f"Error: already running (pid {system.process.pid})" in second.err


def test_a_killed_service_is_started_again_and_found_again(system: Up):
    before = system.rows()["stock"]
    os.kill(before["pid"], signal.SIGKILL)
    eventually(lambda: system.ready() and system.rows()["stock"]["restarts"] > before["restarts"])
    assert re.search(r"^stock +backing off +- +\d+ +killed; again in", system.output, re.MULTILINE)
    eventually(lambda: system.run("call", "front.show", "id=2").exit_code == Exit.OK)
    eventually(system.is_whole)


def test_a_second_system_at_the_same_ports_is_told_so_and_starts_nothing(system: Up, tmp_path):
    port = urlsplit(system.rows()["registry"]["addresses"][0]).port
    second = Up(tmp_path, CONFIG.format(port=port))
    try:
        assert second.process.wait(30) == Exit.FAILED
        assert second.output.startswith(f"Error: service.registry: port {port} is taken; ")
        assert second.rows() == {}
    finally:
        second.close()


def test_ctrl_c_stops_kindly_and_leaves_no_process(alone: Up):
    pids = alone.pids()
    alone.process.send_signal(signal.SIGINT)
    assert alone.process.wait(30) == Exit.OK
    assert re.search(r"^stock +\| .*stopping$", alone.output, re.MULTILINE)
    assert re.search(r"^kitfox +\| stock stopped$", alone.output, re.MULTILINE)
    assert not any(map(lives, pids))


def test_children_of_a_killed_supervisor_end_by_themselves(alone: Up):
    pids = alone.pids()
    alone.process.kill()
    alone.process.wait(30)
    eventually(lambda: not any(map(lives, pids)))


def test_a_folder_whose_supervisor_was_killed_is_free_again(alone: Up):
    alone.process.kill()
    alone.process.wait(30)
    again = Up(alone.folder, ALONE)
    try:
        eventually(lambda: again.ready() and again.process.pid != alone.process.pid)
        assert "already running" not in again.output
    finally:
        again.close()
