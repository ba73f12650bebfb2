"""Kubernetes takes the manifests, and finds in them what it needs."""

import json

import kubernetes_validate

from kitfox.app import read_config

SERVICES = ("registry", "grading", "portal", "on", "quiet-one")


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
