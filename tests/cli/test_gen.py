"""`kitfox gen`: where its files go, and what is in none of them; tests/deployment has the rest."""

from pathlib import Path

import pytest

FILE = """
[system]
name = "The School"

[service.grading]
run = "school.grading:Grading"
environment = { DATABASE = "postgres://ada:hush@db/grades" }

[service.portal]
run = "school.portal:Portal"
listen = "http://127.0.0.1:8800"
"""
KINDS = ("systemd", "k8s", "compose", "dockerfile")


@pytest.fixture
def gen(kitfox, tmp_path):
    """`gen(*words)`: the files that `kitfox gen` writes, by their names."""
    (tmp_path / "kitfox.toml").write_text(FILE)

    def generate(*words):
        result = kitfox("gen", *words, "--output", "made")
        assert result.exit_code == 0, result.output
        return {file.name: file.read_text() for file in (tmp_path / "made").iterdir()}

    return generate


@pytest.mark.parametrize("kind", KINDS)
def test_no_secret_of_the_file_or_the_environment_is_written(gen, kind, monkeypatch, tmp_path):
    monkeypatch.setenv("KITFOX_SYSTEM__TOKEN", "t0ken-of-the-shell")
    text = "\n".join(gen(kind).values())
    assert "hush" not in text
    assert "t0ken-of-the-shell" not in text


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_there_is_written_over_only_when_that_is_asked_for(kitfox, gen, kind, tmp_path):
    name = next(iter(gen(kind)))
    (tmp_path / "made" / name).write_text("mine")
    refused = kitfox("gen", kind, "--output", "made")
    assert refused.exit_code == 2
    assert name in refused.output
    assert (tmp_path / "made" / name).read_text() == "mine"
    assert gen(kind, "--force")[name] != "mine"


@pytest.mark.parametrize("kind", KINDS)
def test_without_a_folder_files_are_printed(kitfox, gen, kind):
    for text in gen(kind).values():
        assert text in kitfox("gen", kind).output


def test_a_service_that_there_is_not_is_told(kitfox, tmp_path):
    Path("kitfox.toml").write_text(FILE)
    result = kitfox("gen", "k8s", "portals")
    assert result.exit_code == 3
    assert 'no service "portals"; did you mean "portal"?' in result.output


def test_a_path_with_blanks_and_percents_is_one_word_of_the_command(kitfox, tmp_path):
    folder = tmp_path / "our 100% $chool"
    folder.mkdir()
    (folder / "kitfox.toml").write_text(FILE)
    config = str(folder / "kitfox.toml")
    unit = kitfox("gen", "systemd", "portal", "--config", config).output
    command = next(line for line in unit.splitlines() if line.startswith("ExecStart="))
    shown = config.replace("%", "%%").replace("$", "$$")
    assert f'"--config={shown}"' in command
