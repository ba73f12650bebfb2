"""Where programs are found, and where they must not be."""

import pytest

from kitfox.exec import Command, ProgramNotFoundError, RelativeProgramError, look_path
from kitfox.exec._look_path import candidates


@pytest.fixture
def program(tmp_path):
    path = tmp_path / "greet"
    path.write_text("#!/bin/sh\necho hello\n")
    path.chmod(0o755)
    return path


def test_an_empty_entry_is_the_current_directory():
    assert list(candidates("p", "/a::b:/c")) == ["/a/p", "./p", "b/p", "/c/p"]
    assert list(candidates("p", "")) == list(candidates("", "/a")) == []


def test_the_first_directory_that_has_a_program_wins(program, tmp_path):
    (tmp_path / "other").mkdir()
    assert look_path("greet", path=f"/nowhere:{tmp_path}/other:{tmp_path}") == str(program)


def test_a_directory_that_cannot_be_looked_into_does_not_hide_those_behind_it(program, tmp_path):
    refused = "/" + "x" * 300  # by the system, for its length: that holds for root, too
    assert look_path("greet", path=f"{refused}:{tmp_path}") == str(program)
    with pytest.raises(ProgramNotFoundError):
        look_path("greet", path=refused)


def test_a_program_that_no_directory_has_is_not_found(tmp_path):
    with pytest.raises(ProgramNotFoundError, match="greet"):
        look_path("greet", path=str(tmp_path))
    with pytest.raises(FileNotFoundError):
        look_path("greet", path="")


def test_what_cannot_be_executed_is_no_program(program, tmp_path):
    (tmp_path / "folder").mkdir()
    program.chmod(0o644)
    for name in ("greet", "folder"):
        with pytest.raises(ProgramNotFoundError):
            look_path(name, path=str(tmp_path))
        with pytest.raises(PermissionError):
            look_path(str(tmp_path / name))


@pytest.mark.parametrize("path", ["", ".", "bin/..", "/nowhere:"])
def test_a_program_of_the_current_directory_is_refused_and_told(
    program, tmp_path, monkeypatch, path
):
    (tmp_path / "bin").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RelativeProgramError) as caught:
        look_path("greet", path=path or ":/bin")
    assert look_path(caught.value.path) == caught.value.path


def test_a_name_with_a_slash_is_a_path_already(program, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert look_path("./greet", path="") == "./greet"
    with pytest.raises(ProgramNotFoundError, match="there is no such file"):
        look_path("./nothing")


async def test_a_path_is_seen_from_where_the_command_runs(program, tmp_path):
    assert await Command("./greet", cwd=tmp_path).output() == b"hello\n"
    with pytest.raises(ProgramNotFoundError):
        await Command("./greet", cwd="/").run()


async def test_path_is_ours_and_not_that_of_the_commands_variables(program, tmp_path):
    with pytest.raises(ProgramNotFoundError):
        await Command("greet", env={"PATH": str(tmp_path)}).run()


async def test_a_directory_that_is_not_there_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        await Command("true", cwd=tmp_path / "nowhere").run()


async def test_a_file_that_the_system_cannot_execute_says_so(tmp_path):
    path = tmp_path / "broken"
    path.write_bytes(b"\x7fELF nonsense")
    path.chmod(0o755)
    with pytest.raises(OSError, match="broken"):
        await Command(path).run()
