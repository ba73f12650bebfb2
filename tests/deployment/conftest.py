"""Files made of one system that has something of everything."""

import shutil
import sys
from importlib import metadata
from pathlib import Path

import pytest
import yaml

from kitfox.app import read_config
from kitfox.deployment import (
    Deployment,
    Ground,
    compose_file,
    image_files,
    kubernetes_manifests,
    systemd_units,
)

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
ready_within = "1m30s"
listen = ["rpc+unix:///run/school/desk.sock", "rpc://127.0.0.1:7001", "rpc://127.0.0.1:7002"]

[service.quiet_one]
run = "school.quiet:Quiet"
listen = "nats://nats:4222"

[profile.prod.system]
logs = false
"""


@pytest.fixture
def gen(tmp_path):
    """`gen(kind, *services)`: files by their names, which are in the folder `made` as well."""
    file = tmp_path / "kitfox.toml"
    file.write_text(FILE)

    def generate(kind, *names, profile=None):
        config = read_config(file, {}, {}, profile)
        deployment = Deployment(config, names or tuple(config.services), profile)
        beside = [path.name for path in tmp_path.iterdir()]
        ground = Ground("3.13", metadata.version("kitfox"), beside)
        makers = {
            "systemd": lambda: systemd_units(deployment, Path(sys.executable).with_name("kitfox")),
            "k8s": lambda: kubernetes_manifests(deployment),
            "compose": lambda: compose_file(deployment),
            "dockerfile": lambda: image_files(deployment, ground),
        }
        (tmp_path / "made").mkdir(exist_ok=True)
        found = makers[kind]()
        for name, text in found.items():
            (tmp_path / "made" / name).write_text(text)
        return found

    return generate


@pytest.fixture
def objects(gen):
    """What Kubernetes is told: (kind, name) to object."""
    made = [one for text in gen("k8s").values() for one in yaml.safe_load_all(text)]
    return {(one["kind"], one["metadata"]["name"]): one for one in made}


@pytest.fixture
def services(gen):
    """What Docker Compose is told of each service."""
    return yaml.safe_load(gen("compose")["compose.yaml"])["services"]


@pytest.fixture
def find():
    """Find a program; a test without it is left out, or fails in CI (tests/conftest.py)."""

    def found(name):
        beside = str(Path(sys.executable).parent)
        if path := shutil.which(name) or shutil.which(name, path=beside):
            return path
        pytest.skip(f"{name} is not installed")

    return found


@pytest.fixture
def sections():
    """Read a unit: (section, key) to values, in their order."""

    def read(unit):
        found, section = {}, ""
        for line in unit.splitlines():
            if line.startswith("["):
                section = line.strip("[]")
            elif line and not line.startswith("#"):
                key, _, value = line.partition("=")
                found.setdefault((section, key), []).append(value)
        return found

    return read
