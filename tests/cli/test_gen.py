"""What `kitfox gen` writes is read by the programs that it is for, or by their own schemas."""

import asyncio
import json
import shutil
import subprocess
import sys
from importlib import metadata
from importlib.resources import files
from pathlib import Path

import jsonschema
import kubernetes_validate
import pytest
import yaml

FILE = """
[system]
name = "The School"
registry = "http://127.0.0.1:7700"

[service.registry]
run = "kitfox.services.registry:build"
listen = "http://127.0.0.1:7700"

[service.grading]
run = "school.grading:Grading"
replicas = 3
environment = { DATABASE = "postgres://ada:hush@db/grades" }

[service.portal]
run = "school.portal:Portal"
listen = ["http://127.0.0.1:8800", "ws://127.0.0.1:8800", "grpc://127.0.0.1:9000"]
needs = ["grading"]
open = true
public = true

[service.on]
run = "school.desk:Desk"
notice = "9.5s"
listen = ["rpc+unix:///run/school/desk.sock", "rpc://127.0.0.1:7001", "rpc://127.0.0.1:7002"]

[service.quiet_one]
run = "school.quiet:Quiet"
listen = "nats://nats:4222"

[profile.prod.system]
logs = false
"""
SERVICES = ("registry", "grading", "portal", "on", "quiet-one")


@pytest.fixture
def gen(kitfox, tmp_path):
    """`gen(*words)`: the files that `kitfox gen` writes, by their names."""
    (tmp_path / "kitfox.toml").write_text(FILE)

    def generate(*words):
        result = kitfox("gen", *words, "--output", "made")
        assert result.exit_code == 0, result.output
        return {file.name: file.read_text() for file in (tmp_path / "made").iterdir()}

    return generate


@pytest.fixture
def objects(gen):
    """What Kubernetes is told: (kind, name) to object."""
    made = [one for text in gen("k8s").values() for one in yaml.safe_load_all(text)]
    return {(one["kind"], one["metadata"]["name"]): one for one in made}


@pytest.fixture
def services(gen):
    return yaml.safe_load(gen("compose")["compose.yaml"])["services"]


def program(name):
    """Find a program; a test without it is left out, or fails in CI (tests/conftest.py)."""
    beside = str(Path(sys.executable).parent)
    if found := shutil.which(name) or shutil.which(name, path=beside):
        return found
    pytest.skip(f"{name} is not installed")


# ------------------------------------------------------------------------------------- systemd


def sections(unit):
    """Return the settings of a unit: (section, key) to values, in their order."""
    found, section = {}, ""
    for line in unit.splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif line and not line.startswith("#"):
            key, _, value = line.partition("=")
            found.setdefault((section, key), []).append(value)
    return found


def test_systemd_finds_nothing_wrong_with_the_units(gen, tmp_path):
    verify = [program("systemd-analyze"), "verify", "--man=no"]
    units = [str(tmp_path / "made" / name) for name in gen("systemd")]
    done = subprocess.run([*verify, *units], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_systemd_finds_the_units_well_protected(gen, tmp_path):
    unit = tmp_path / "made" / next(name for name in gen("systemd") if name.endswith("on.service"))
    security = [program("systemd-analyze"), "security", "--offline=yes", "--threshold=20"]
    done = subprocess.run([*security, str(unit)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_there_is_a_socket_unit_where_systemd_can_listen(gen):
    made = gen("systemd")
    assert {name for name in made if name.endswith(".socket")} == {
        f"the-school-{name}.socket" for name in ("registry", "portal", "on")
    }
    desk = sections(made["the-school-on.socket"])
    assert desk["Socket", "ListenStream"] == [
        "/run/school/desk.sock",
        "127.0.0.1:7001",
        "127.0.0.1:7002",
    ]
    assert ("Socket", "FileDescriptorName") not in desk
    portal = sections(made["the-school-portal.socket"])
    assert portal["Socket", "ListenStream"] == ["127.0.0.1:8800"]
    assert portal["Socket", "FileDescriptorName"] == ["portal.http"]


def test_a_unit_starts_after_what_its_service_needs(gen):
    portal = sections(gen("systemd")["the-school-portal.service"])
    assert portal["Unit", "After"] == [
        "network-online.target the-school-registry.service the-school-grading.service",
        "the-school-portal.socket",
    ]
    assert portal["Service", "Type"] == ["notify"]
    assert portal["Service", "WatchdogSec"] == ["30"]


def test_a_unit_takes_the_token_as_a_credential_where_one_is_asked_for(gen, tmp_path):
    key = ("Service", "LoadCredential")
    assert key not in sections(gen("systemd")["the-school-on.service"])
    open_to_others = FILE.replace("rpc://127.0.0.1:7001", "rpc://0.0.0.0:7001")
    (tmp_path / "kitfox.toml").write_text(open_to_others)
    made = gen("systemd", "--force")
    assert sections(made["the-school-grading.service"])[key] == ["token:/etc/the-school/token"]


def test_a_path_with_blanks_and_percents_is_one_word_of_the_command(kitfox, tmp_path):
    folder = tmp_path / "our 100% $chool"
    folder.mkdir()
    (folder / "kitfox.toml").write_text(FILE)
    config = str(folder / "kitfox.toml")
    unit = kitfox("gen", "systemd", "portal", "--config", config).output
    command = next(line for line in unit.splitlines() if line.startswith("ExecStart="))
    shown = config.replace("%", "%%").replace("$", "$$")
    assert f'"--config={shown}"' in command


# ---------------------------------------------------------------------------------- Kubernetes


def test_kubernetes_knows_every_field_of_the_manifests(objects):
    for one in objects.values():
        kubernetes_validate.validate(one, "1.32", strict=True)


def test_each_service_has_what_it_asks_for(objects):
    kinds = ("Deployment", "PodDisruptionBudget")
    assert {(kind, name) for kind in kinds for name in SERVICES} <= objects.keys()
    assert ("Service", "quiet-one") not in objects
    assert ("PersistentVolumeClaim", "registry-state") in objects
    assert ("PersistentVolumeClaim", "grading-state") not in objects


def container(objects, name):
    pod = objects["Deployment", name]["spec"]["template"]["spec"]
    return pod["containers"][0]


def test_probes_have_a_port_of_their_own(objects):
    for name in SERVICES:
        one = container(objects, name)
        assert {"name": "probes", "containerPort": 9100} in one["ports"]
        for key, path in (
            ("startupProbe", "/startupz"),
            ("livenessProbe", "/livez"),
            ("readinessProbe", "/readyz"),
        ):
            assert one[key]["httpGet"] == {"path": path, "port": "probes"}


def variables(objects, name):
    return {each["name"]: each["value"] for each in container(objects, name)["env"]}


def test_in_a_pod_a_service_listens_where_others_reach_it(objects):
    assert json.loads(variables(objects, "portal")["KITFOX_SERVICE__PORTAL__LISTEN"]) == [
        "http://0.0.0.0:8800",
        "ws://0.0.0.0:8800",
        "grpc://0.0.0.0:9000",
    ]
    assert json.loads(variables(objects, "grading")["KITFOX_SERVICE__GRADING__LISTEN"]) == [
        "http://0.0.0.0:8080",
        "rpc://0.0.0.0:7070",
    ]
    assert json.loads(variables(objects, "on")["KITFOX_SERVICE__ON__LISTEN"]) == [
        "rpc://0.0.0.0:7001",
        "rpc://0.0.0.0:7002",
    ]
    ports = {"rpc": 7001, "rpc-7002": 7002}
    found = objects["Service", "on"]["spec"]["ports"]
    assert {each["name"]: each["port"] for each in found} == ports


def test_what_containers_are_told_loads_as_a_configuration(objects, tmp_path, monkeypatch):
    from kitfox.app import read_config

    for name in SERVICES:
        given = variables(objects, name)
        (tmp_path / "token").write_text("hush")
        given["KITFOX_SYSTEM__TOKEN_FILE"] = str(tmp_path / "token")
        config = read_config(tmp_path / "kitfox.toml", given, {})
        assert config.system.registry == "http://registry:7700"
        assert config.system.token == "hush"
        service = config.services[name.replace("-", "_")]
        assert "127.0.0.1" not in str(service.listen)
        assert service.health.probes == "0.0.0.0:9100"


def test_a_pod_takes_over_from_another_unless_both_would_have_the_same_files(objects):
    assert objects["Deployment", "registry"]["spec"]["strategy"] == {"type": "Recreate"}
    grading = objects["Deployment", "grading"]["spec"]
    assert grading["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}
    assert grading["replicas"] == 3


def test_whoever_stops_a_service_waits_as_long_as_it_takes(gen, objects, services):
    for name, seconds in (("grading", 45), ("on", 52)):
        unit = sections(gen("systemd", "--force")[f"the-school-{name}.service"])
        assert unit["Service", "TimeoutStopSec"] == [str(seconds)]
        pod = objects["Deployment", name]["spec"]["template"]["spec"]
        assert pod["terminationGracePeriodSeconds"] == seconds
        assert services[name]["stop_grace_period"] == f"{seconds}s"


# ------------------------------------------------------------------------------------- Compose


def test_the_compose_file_is_as_its_specification_says(gen):
    vendored = files("check_jsonschema").joinpath("builtin_schemas", "vendor", "compose-spec.json")
    schema = json.loads(vendored.read_text(encoding="utf-8"))
    jsonschema.validate(yaml.safe_load(gen("compose")["compose.yaml"]), schema)


def test_containers_start_in_the_order_of_needs(services):
    assert services.keys() == set(SERVICES)
    assert services["portal"]["depends_on"].keys() == {"registry", "grading"}
    assert "depends_on" not in services["registry"]
    for name, service in services.items():
        assert all("healthcheck" in services[other] for other in service.get("depends_on", {}))
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name


def test_only_what_is_for_a_browser_is_published_and_to_this_machine_alone(services):
    published = {name: each["ports"] for name, each in services.items() if "ports" in each}
    assert published == {"portal": ["127.0.0.1:8800:8800", "127.0.0.1:9000:9000"]}


def test_one_service_does_not_wait_for_those_that_are_not_there(gen):
    made = yaml.safe_load(gen("compose", "portal")["compose.yaml"])
    assert made["services"].keys() == {"portal"}
    assert "depends_on" not in made["services"]["portal"]


@pytest.mark.parametrize(("status", "exit_code"), [("200 OK", 0), ("503 Service Unavailable", 1)])
async def test_a_healthcheck_fails_when_the_service_is_not_ready(services, status, exit_code):
    async def answer(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode())
        writer.close()

    words = services["portal"]["healthcheck"]["test"]
    assert words[:3] == ["CMD", "python", "-c"]
    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        script = words[3].replace(":9100/readyz", f":{port}/readyz")
        check = await asyncio.create_subprocess_exec(
            sys.executable, "-c", script, stderr=asyncio.subprocess.DEVNULL
        )
        assert await check.wait() == exit_code


# ---------------------------------------------------------------------------------- Dockerfile


@pytest.mark.parametrize(
    ("beside", "installed"),
    [("kitfox.toml", ""), ("pyproject.toml", " ."), ("requirements.txt", " -r requirements.txt")],
)
def test_a_linter_finds_nothing_wrong_with_the_dockerfile(gen, tmp_path, beside, installed):
    (tmp_path / beside).touch()
    text = gen("dockerfile")["Dockerfile"]
    done = subprocess.run(
        [program("hadolint"), "-"], input=text, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")
    version = metadata.version("kitfox")
    assert f"pip install 'kitfox[fast,grpc,nats,websocket]=={version}'{installed}\n" in text


def instructions(text):
    joined = text.replace("\\\n", " ")
    return [line.split(maxsplit=1) for line in joined.splitlines() if line and line[0] != "#"]


def test_the_image_has_two_stages_and_nobody_runs_it(gen):
    words = instructions(gen("dockerfile")["Dockerfile"])
    assert [word for word, _ in words].count("FROM") == 2
    assert ["USER", "10001:10001"] in words
    assert ["STOPSIGNAL", "SIGTERM"] in words
    assert ["EXPOSE", "7001 7002 7070 7700 8080 8800 9000"] in words
    assert words[-1] == ["CMD", '["run", "--config=/app/kitfox.toml", "--all"]']


def test_an_image_of_one_service_runs_that(gen):
    words = instructions(gen("dockerfile", "portal", "--profile=prod")["Dockerfile"])
    command = ["run", "--config=/app/kitfox.toml", "--profile=prod", "--service=portal"]
    assert json.loads(words[-1][1]) == command


# ----------------------------------------------------------------------------------- all of them

KINDS = ("systemd", "k8s", "compose", "dockerfile")


@pytest.mark.parametrize("kind", KINDS)
def test_no_secret_of_the_file_or_the_environment_is_written(gen, kind, monkeypatch, tmp_path):
    monkeypatch.setenv("KITFOX_SYSTEM__TOKEN", "t0ken-of-the-shell")
    text = "\n".join(gen(kind).values())
    assert "hush" not in text
    assert "t0ken-of-the-shell" not in text


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_there_is_written_over_only_when_that_is_asked_for(kitfox, gen, kind, tmp_path):
    name = next(iter(gen(kind)))
    (tmp_path / "made" / name).write_text("mine")
    refused = kitfox("gen", kind, "--output", "made")
    assert refused.exit_code == 2
    assert name in refused.output
    assert (tmp_path / "made" / name).read_text() == "mine"
    assert gen(kind, "--force")[name] != "mine"


@pytest.mark.parametrize("kind", KINDS)
def test_without_a_folder_files_are_printed(kitfox, gen, kind):
    for text in gen(kind).values():
        assert text in kitfox("gen", kind).output


def test_a_service_that_there_is_not_is_told(kitfox, tmp_path):
    Path("kitfox.toml").write_text(FILE)
    result = kitfox("gen", "k8s", "portals")
    assert result.exit_code == 3
    assert 'no service "portals"; did you mean "portal"?' in result.output
