"""The school says nothing of policies: it runs with what everybody has."""

import pytest

import house
from kitfox.app import Policy, read_config
from kitfox.core import methods_of
from school.contract import Grading
from school.portal import Portal


@pytest.mark.parametrize("service", [Grading, Portal])
def test_all_defaults_are_on_in_the_school(service):
    config = read_config(house.ROOT / "examples" / "school" / "kitfox.toml", {}, {})
    for method in methods_of(service).values():
        assert config.policies.of(method.service, method.name) == Policy()
