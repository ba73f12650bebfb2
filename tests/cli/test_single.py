"""The configuration of a service that is run without a file."""

import pytest

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
