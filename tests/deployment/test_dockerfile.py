"""The image of a system: what is in it, and what it runs."""

import json
import subprocess
from importlib import metadata

import pytest


@pytest.mark.parametrize(
    ("beside", "installed"),
    [("kitfox.toml", ""), ("pyproject.toml", " ."), ("requirements.txt", " -r requirements.txt")],
)
def test_a_linter_finds_nothing_wrong_with_the_dockerfile(gen, find, tmp_path, beside, installed):
    (tmp_path / beside).touch()
    text = gen("dockerfile")["Dockerfile"]
    done = subprocess.run(
        [find("hadolint"), "-"], input=text, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")
    version = metadata.version("kitfox")
    assert f"pip install 'kitfox[fast,grpc,nats,websocket]=={version}'{installed}\n" in text


def instructions(text):
    joined = text.replace("\\\n", " ")
    return [line.split(maxsplit=1) for line in joined.splitlines() if line and line[0] != "#"]


def test_the_image_has_two_stages_and_nobody_runs_it(gen):
    words = instructions(gen("dockerfile")["Dockerfile"])
    assert [word for word, _ in words].count("FROM") == 2
    assert ["USER", "10001:10001"] in words
    assert ["STOPSIGNAL", "SIGTERM"] in words
    assert ["EXPOSE", "7001 7002 7070 7700 8080 8800 9000"] in words
    assert words[-1] == ["CMD", '["run", "--config=/app/kitfox.toml", "--all"]']


def test_an_image_of_one_service_runs_that(gen):
    words = instructions(gen("dockerfile", "portal", profile="prod")["Dockerfile"])
    command = ["run", "--config=/app/kitfox.toml", "--profile=prod", "--service=portal"]
    assert json.loads(words[-1][1]) == command
