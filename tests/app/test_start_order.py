"""The order in which a system's processes start."""

from collections.abc import Mapping
from pathlib import Path

from hypothesis import given, strategies as st

from kitfox.app._config_schema import Config, ServiceConfig, System
from kitfox.app._start_order import start_order

REGISTRY = "http://127.0.0.1:7700"


def order(services: Mapping[str, ServiceConfig], registry: str | None = REGISTRY):
    return start_order(Config(Path("kitfox.toml"), System(registry=registry), services))


def service(run: str = "school:Portal", *needs: str, listen: str = "http://127.0.0.1:0"):
    return ServiceConfig(run=run, needs=needs, listen=(listen,))


def test_the_registry_comes_first_then_the_logs_then_the_rest_side_by_side():
    services = {
        "portal": service(),
        "grading": service(),
        "logs": service("kitfox.services.logs:build"),
        "registry": service("kitfox.services.registry:build"),
    }
    assert order(services) == (("registry",), ("logs",), ("portal", "grading"))


def test_a_registry_of_any_make_is_known_by_its_address():
    services = {"portal": service(), "names": service(listen=REGISTRY)}
    assert order(services, f"original+{REGISTRY}") == (("names",), ("portal",))


def test_a_hint_orders_the_rest():
    services = {"portal": service("a:A", "grading"), "grading": service()}
    assert order(services) == (("grading",), ("portal",))


def test_a_circle_starts_together():
    services = {"a": service("a:A", "b"), "b": service("b:B", "a"), "c": service("c:C", "a")}
    assert order(services) == (("a", "b", "c"),)


@given(st.dictionaries(st.sampled_from("abcdef"), st.sets(st.sampled_from("abcdef"))))
def test_everybody_starts_once_and_nobody_before_a_need_that_is_in_no_circle(
    needs: dict[str, set[str]],
):
    services = {
        name: service("x:X", *(above & needs.keys() - {name})) for name, above in needs.items()
    }
    waves = order(services)
    started = [name for wave in waves for name in wave]
    assert sorted(started) == sorted(services)
    for at, wave in enumerate(waves[:-1]):
        before = {name for earlier in waves[:at] for name in earlier}
        assert all(set(services[name].needs) <= before for name in wave)
