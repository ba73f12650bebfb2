import json

import pytest

FILE = """
[system]
token = "s3cret"
registry = "http://ada:pass@127.0.0.1:7700"

[service.desk]
run = "desk:Desk"
environment = { DATABASE = "postgres://x" }
settings = { api_token = "t0ken", rooms = 3 }

[service.desk.auth]
tokens = { portal = "t0ken-of-portal" }
scopes = { portal = ["desk.write"] }

[service.desk.auth.jwt]
issuer = "i"
audience = "a"
algorithms = ["HS256"]
secret = "a secret of thirty-two letters!!"

[service.tokens]
run = "tokens:Tokens"

[policy."acme.v1.Desk"]
retry = { tries = 3 }
rate_limit = { rate = 50, store = "redis://:p4ss@limits:6379/0" }
"""


@pytest.fixture
def shown(kitfox, tmp_path, monkeypatch):
    """`shown(*words)`: what `kitfox config show` says in a folder with the file, by key."""
    (tmp_path / "kitfox.toml").write_text(FILE)
    monkeypatch.chdir(tmp_path)

    def show(*words):
        result = kitfox("config", "show", "--json", *words)
        assert result.exit_code == 0, result.output
        return {one["key"]: (one["value"], one["origin"]) for one in json.loads(result.output)}

    return show


def test_each_value_has_its_origin(shown, monkeypatch):
    monkeypatch.setenv("KITFOX_POLICY__DEADLINE", "3s")
    found = shown("--set", "service.desk.public=true")
    origin = found["service.desk.run"][1]
    assert found["service.desk.run"][0] == "desk:Desk"
    assert origin.endswith("kitfox.toml")
    assert found['policy."acme.v1.Desk".retry.tries'] == (3, origin)
    assert found["policy.deadline"] == ("3s", "KITFOX_POLICY__DEADLINE")
    assert found["policy.maximum"] == ("60s", "default")
    assert found["service.desk.public"] == ("true", "--set service.desk.public")
    assert found["service.desk.settings.rooms"] == (3, origin)
    assert found["system.logs"] == (True, "default")


def test_no_secret_is_shown(shown, monkeypatch, tmp_path):
    (tmp_path / "title").write_text("hush")
    monkeypatch.setenv("KITFOX_SERVICE__DESK__SETTINGS__TITLE_FILE", str(tmp_path / "title"))
    found = shown()
    assert found["system.token"][0] == "(hidden)"
    assert found["service.desk.settings.api_token"][0] == "(hidden)"
    assert found["service.desk.settings.title"][0] == "(hidden)"
    assert found["service.desk.environment.DATABASE"][0] == "(hidden)"
    assert found["system.registry"][0] == "http://***@127.0.0.1:7700"
    assert found['policy."acme.v1.Desk".rate_limit.store'][0] == "redis://***@limits:6379/0"
    assert found["service.desk.auth.tokens.portal"][0] == "(hidden)"
    assert found["service.desk.auth.jwt.secret"][0] == "(hidden)"
    assert found["service.desk.auth.scopes.portal"][0] == ["desk.write"]
    assert found["service.tokens.run"][0] == "tokens:Tokens"


@pytest.mark.parametrize(
    ("url", "seen"),
    [
        ("redis://:p4ss@ada@host:6379/0", "redis://***@host:6379/0"),
        ("redis://ada:1/word@host", "redis://***@host"),
        ("redis://host?db=1&password=p4ss&x=2", "redis://host?db=1&password=***&x=2"),
        ("https://host/path", "https://host/path"),
    ],
)
def test_no_password_in_a_url_is_shown(shown, url, seen):
    assert shown("--set", f"system.registry={url}")["system.registry"][0] == seen


def test_no_password_is_shown_when_a_url_is_wrong(kitfox, shown):
    result = kitfox("config", "show", "--set", "system.registry=http://:p4ss/w@host")
    assert result.exit_code == 2
    assert 'got "http://***@host"' in result.output


def test_people_see_a_table_with_the_origin_if_they_ask(kitfox, shown):
    assert kitfox("config", "show").output.splitlines()[0].split() == ["key", "value"]
    lines = kitfox("config", "show", "--origin").output.splitlines()
    assert lines[0].split() == ["key", "value", "origin"]
    assert any(line.split() == ["policy.balancer", '"p2c"', "default"] for line in lines)


def test_what_is_wrong_is_said(kitfox, tmp_path, monkeypatch):
    (tmp_path / "kitfox.toml").write_text("[policy]\nretry = { tires = 2 }")
    monkeypatch.chdir(tmp_path)
    result = kitfox("config", "show")
    assert result.exit_code == 2
    assert "policy.retry.tires: unknown key" in result.output
