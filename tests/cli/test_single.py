"""The configuration of a service that is run without a file."""

import pytest

from kitfox.app import ConfigError
from kitfox.cli._single import single


def test_a_target_is_a_system_of_one():
    config, name = single("school.portal:Portal", ["http://127.0.0.1:5000"], {}, {})
    assert name == "portal"
    assert list(config.services) == ["portal"]
    assert config.services["portal"].run == "school.portal:Portal"
    assert config.services["portal"].listen == ("http://127.0.0.1:5000",)
    assert config.system.registry is None


def test_settings_are_its_own_and_the_rest_is_the_systems():
    overrides = {
        "settings.school": "Lyceum",
        "advertise": "school.example",
        "system.registry": "http://127.0.0.1:7700",
        "service.portal.open": "true",
    }
    environ = {"KITFOX_SERVICE__PORTAL__SETTINGS__PATIENCE": "3"}
    config, _ = single("school.portal:Portal", [], overrides, environ)
    assert config.services["portal"].settings == {"school": "Lyceum", "patience": "3"}
    assert config.services["portal"].advertise == "school.example"
    assert config.services["portal"].open
    assert config.system.registry == "http://127.0.0.1:7700"


def test_a_port_of_the_environments_is_taken_where_nothing_else_is_said():
    at_port, _ = single("portal:Portal", [], {}, {"PORT": "8080"})
    assert at_port.services["portal"].listen == ("http://0.0.0.0:8080",)
    said, _ = single("portal:Portal", ["rpc://127.0.0.1:7070"], {}, {"PORT": "8080"})
    assert said.services["portal"].listen == ("rpc://127.0.0.1:7070",)
    with pytest.raises(ConfigError, match="PORT: expected a number from 1 to 65535"):
        single("portal:Portal", [], {}, {"PORT": "http"})


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("portal", "portal"),
        ("a.MyPortal2", "myportal"),
        ("a._hidden", "hidden"),
        ("__1", "service"),
    ],
)
def test_a_name_is_made_of_the_modules(module: str, name: str):
    assert single(f"{module}:X", [], {}, {})[1] == name
