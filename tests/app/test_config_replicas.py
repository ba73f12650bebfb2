"""How many processes a service has."""

from pathlib import Path

import pytest

from kitfox.app import ConfigError, load


def replicas(text: str, system: str = "") -> int:
    config = load(f'{system}[service.desk]\nrun = "desk:Desk"\n{text}', {}, {}, Path("kitfox.toml"))
    return config.services["desk"].replicas


def test_a_service_is_one_process_unless_it_says_more():
    assert replicas("") == 1
    assert replicas("replicas = 4") == 4


@pytest.mark.parametrize("count", [0, -1])
def test_none_at_all_is_refused(count: int):
    with pytest.raises(ConfigError, match=r"service\.desk\.replicas: expected 1 or more"):
        replicas(f"replicas = {count}")


@pytest.mark.parametrize(
    ("text", "system"),
    [
        ("overlap = false", ""),
        ('listen = "grpc+unix:///run/desk.sock"', ""),
        ("", '[system]\nregistry = "original+http://127.0.0.1:3000"\n'),
    ],
)
def test_who_may_not_run_twice_has_no_replicas(text: str, system: str):
    with pytest.raises(ConfigError, match="may not run twice at once"):
        replicas(f"replicas = 2\n{text}", system)
    assert replicas(f"replicas = 2\noverlap = true\n{text.replace('overlap = false', '')}") == 2
