"""Every `>>>` in a docstring prints what it says."""

import doctest
import importlib

import pytest

import house

WITH_EXAMPLES = [path for path in house.module_files() if ">>> " in path.read_text()]


@pytest.mark.parametrize("path", WITH_EXAMPLES, ids=house.module_name)
def test_the_examples_in_a_module_are_true(path):
    module = importlib.import_module(house.module_name(path))
    tried = doctest.testmod(module, optionflags=doctest.ELLIPSIS)
    assert tried.attempted
    assert not tried.failed
