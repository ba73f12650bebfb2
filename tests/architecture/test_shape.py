"""The house's budget of beauty: short functions, short files, shallow nesting, few paths."""

import ast

import pytest

import house
import shape

CODE = shape.files(*(house.ROOT / folder for folder in ("src", "examples", "benchmarks", "tools")))
TESTS = shape.files(house.ROOT / "tests")


def name(path):
    return str(path.relative_to(house.ROOT))


@pytest.mark.parametrize("path", CODE, ids=name)
def test_a_file_keeps_within_the_budget(path):
    assert list(shape.file_faults(path)) == []


@pytest.mark.parametrize("path", TESTS, ids=name)
def test_a_file_of_tests_may_nest_but_is_as_short(path):
    assert [fault for fault in shape.file_faults(path) if "deep" not in fault] == []


def body_of(source):
    return ast.parse(source).body


def test_an_elif_is_no_deeper_than_its_if():
    assert shape.depth(body_of("if a:\n  x\nelif b:\n  x\nelif c:\n  if d:\n    x")) == 2


def test_handlers_nest_like_the_try_they_belong_to():
    assert shape.depth(body_of("try:\n  x\nexcept E:\n  with f:\n    x\nfinally:\n  x")) == 2


def test_an_inner_function_starts_a_count_of_its_own():
    assert shape.depth(body_of("for a in b:\n  def f():\n    if c: x")) == 1


def test_each_branch_is_one_path_more():
    handlers = "try:\n  x\nexcept E:\n  x\nexcept F:\n  x\n"
    source = f"if a:\n  x\nelif b:\n  x\nfor c in d:\n  x\n{handlers}"
    assert shape.complexity(body_of(source)) == 6


def test_a_docstring_does_not_make_a_function_long():
    (function,) = body_of('def f():\n    """One.\n\n    Two.\n    """\n    return 1')
    assert shape.lines(function) == 2
