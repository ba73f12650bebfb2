"""Every module imports, and every `>>>` in a docstring prints what it says."""

import doctest
import importlib

import pytest

import house

MODULES = [path for path in house.module_files() if path.name != "__main__.py"]


@pytest.mark.parametrize("path", MODULES, ids=house.module_name)
def test_the_examples_in_a_module_are_true(path):
    module = importlib.import_module(house.module_name(path))
    assert not doctest.testmod(module, optionflags=doctest.ELLIPSIS).failed
