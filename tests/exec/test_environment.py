"""Variables: who wins, what is refused, and the mark."""

import os

import pytest

from kitfox.exec import Command, environment
from kitfox.exec._environment import marked, read_marks


def test_of_two_variables_with_one_name_the_last_wins():
    assert environment({"A": "1", "B": "2"}, [("A", "3"), ("A", "4")]) == {"A": "4", "B": "2"}


@pytest.mark.parametrize("name", ["", "A=B", "A\0"])
def test_a_name_that_no_process_can_have_is_refused(name):
    with pytest.raises(ValueError, match=r"environment: .* is no name"):
        environment({name: "1"})


@pytest.mark.parametrize(("name", "value"), [("A", None), ("A", 1), ("A", b"secret"), (1, "A")])
def test_what_is_no_text_is_refused_and_not_shown(name, value):
    with pytest.raises(TypeError, match=f"environment: {name!r} and its value") as caught:
        environment({name: value})
    assert "secret" not in str(caught.value)


def test_a_value_with_a_nul_is_refused_and_not_shown():
    with pytest.raises(ValueError, match="the value of TOKEN has a NUL in it") as caught:
        environment({"TOKEN": "secret\0"})
    assert "secret" not in str(caught.value)


def test_a_mark_is_read_back_with_those_of_the_commands_around():
    variables = marked({"A": "1"}, "outer", "inner")
    environ = b"\0".join(f"{name}={value}".encode() for name, value in variables.items()) + b"\0"
    assert read_marks(environ) == {"outer", "inner"}
    assert read_marks(b"A=1\0NO_KITFOX_COMMAND=x\0") == frozenset()


async def test_a_command_gets_the_variables_it_is_given_and_its_mark():
    lines = (await Command("env", env={"A": "1"}).output()).decode().splitlines()
    assert sorted(line.partition("=")[0] for line in lines) == ["A", "KITFOX_COMMAND"]
    assert "A=1" in lines


async def test_a_command_gets_our_variables_by_default_and_ours_stay_as_they_are(monkeypatch):
    monkeypatch.setenv("FOX", "red")
    before = dict(os.environ)
    assert await Command.shell("echo $FOX; FOX=blue").output() == b"red\n"
    assert dict(os.environ) == before


async def test_a_command_that_runs_elsewhere_is_told_where(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    output = await Command.shell("echo $PWD; pwd -P", cwd=tmp_path / "link").output()
    assert output.decode().split() == [str(tmp_path / "link"), str(tmp_path / "real")]
