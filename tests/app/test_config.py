"""kitfox.toml: what a file means, who overrides whom, and what a wrong one says."""

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from kitfox.app._config import find_config, load, read_config
from kitfox.app._config_error import ConfigError
from kitfox.app._config_schema import Config
from kitfox.app._groups import groups

WHERE = Path("/srv/school/kitfox.toml")

SCHOOL = """
[system]
registry = "http://127.0.0.1:7700"

[service.registry]
run = "kitfox.services.registry:build"
listen = "http://127.0.0.1:7700"

[service.log-store]
run = "kitfox.services.logs:build"

[service.grading]
run = "school.grading:Grading"
listen = ["http://127.0.0.1:0", "http://127.0.0.1:7702"]
needs = ["registry"]
environment = { Debug = "1" }
open = true

[service.grading.settings]
database = "grading.db"
limits = { students = 100 }

[profile.production.system]
name = "lyceum"
logs = false

[profile.production.service.grading.settings]
database = "/var/lib/grading.db"
"""


def config(text: str = SCHOOL, /, *, profile: str | None = None, **environ: str) -> Config:
    return load(text, environ, {}, WHERE, profile=profile, read_secret=no_secret)


def no_secret(file: Path) -> str:
    raise FileNotFoundError(2, "No such file or directory")


def test_a_file_says_what_runs_and_where():
    grading = config().services["grading"]
    assert grading.run == "school.grading:Grading"
    assert grading.listen == ("http://127.0.0.1:0", "http://127.0.0.1:7702")
    assert grading.needs == ("registry",)
    assert grading.environment == {"Debug": "1"}
    assert grading.settings == {"database": "grading.db", "limits": {"students": 100}}
    assert grading.open


def test_one_url_stands_for_a_list_of_one():
    assert config().services["registry"].listen == ("http://127.0.0.1:7700",)


def test_what_is_not_said_has_a_default():
    loaded = config('[service.hello]\nrun = "hello:Hello"')
    assert loaded.system.name == "school"
    assert loaded.system.registry is None
    assert loaded.system.logs
    assert loaded.system.state == Path("/srv/school/.kitfox")
    assert loaded.services["hello"].listen == ("http://127.0.0.1:0", "rpc://127.0.0.1:0")
    assert not loaded.services["hello"].open


def test_an_empty_file_is_a_system_without_services():
    assert config("").services == {}


def test_a_profile_overrides_the_file_key_by_key():
    loaded = config(profile="production")
    assert (loaded.system.name, loaded.system.logs) == ("lyceum", False)
    assert loaded.system.registry == "http://127.0.0.1:7700"
    assert loaded.services["grading"].settings == {
        "database": "/var/lib/grading.db",
        "limits": {"students": 100},
    }


def test_a_variable_can_choose_the_profile():
    assert config(KITFOX_PROFILE="production").system.name == "lyceum"


def test_the_environment_overrides_the_profile():
    loaded = config(profile="production", KITFOX_SYSTEM__NAME="atheneum", KITFOX_SYSTEM__LOGS="1")
    assert (loaded.system.name, loaded.system.logs) == ("atheneum", True)


def test_a_flag_overrides_the_environment():
    environ = {"KITFOX_SYSTEM__NAME": "atheneum"}
    assert load(SCHOOL, environ, {"system.name": "academy"}, WHERE).system.name == "academy"


def test_a_variable_finds_a_service_with_a_dash_and_a_nested_setting():
    loaded = config(
        KITFOX_SERVICE__LOG_STORE__LISTEN="http://127.0.0.1:7701",
        KITFOX_SERVICE__GRADING__SETTINGS__LIMITS__STUDENTS="7",
    )
    assert loaded.services["log-store"].listen == ("http://127.0.0.1:7701",)
    assert loaded.services["grading"].settings["limits"] == {"students": "7"}


def test_a_list_in_a_variable_is_json():
    loaded = config(KITFOX_SERVICE__GRADING__LISTEN='["http://127.0.0.1:1", "http://[::1]:2"]')
    assert loaded.services["grading"].listen == ("http://127.0.0.1:1", "http://[::1]:2")


def test_the_names_of_a_process_s_own_variables_keep_their_case():
    loaded = config(KITFOX_SERVICE__GRADING__ENVIRONMENT__TZ="Europe/Rome")
    assert loaded.services["grading"].environment == {"Debug": "1", "TZ": "Europe/Rome"}


def test_a_secret_is_read_from_its_file(tmp_path: Path):
    (tmp_path / "key").write_text("[s3cret\n")
    environ = {"KITFOX_SERVICE__GRADING__SETTINGS__KEY_FILE": str(tmp_path / "key")}
    assert load(SCHOOL, environ, {}, WHERE).services["grading"].settings["key"] == "[s3cret"


def test_other_variables_are_nobodys_business():
    assert config(KITFOX_TOKEN="x", HOME="/root", KITFOX="1") == config()


def one(line: str) -> str:
    return f'[service.a]\nrun = "a:A"\n{line}'


WRONG_FILES = {
    "[system": "is not valid TOML: Expected ']' at the end of a table declaration"
    " (at end of document)",
    "[sistem]": 'sistem: unknown section; did you mean "system"?',
    "system = 1": "system: expected a table",
    "service = { a = 1 }": "service.a: expected a table",
    "[service.'A b']": "service.A b: expected a name of a-z, 0-9, - and _",
    "[system]\nregistri = 1": 'system.registri: unknown key; did you mean "registry"?',
    "[system]\nqqq = 1": "system.qqq: unknown key; "
    "known here: logs, name, names, path, registry, state, tls, together, token",
    "[system]\nlogs = 'yes'": "system.logs: expected true or false, got text",
    "[system]\nregistry = 7700": "system.registry: expected text, got a whole number",
    "[system]\nregistry = 'local'": "system.registry: expected a URL such as"
    ' http://127.0.0.1:0, got "local"',
    "[service.a]": "service.a.run: missing",
    "[service.a]\nrun = 'school.portal'": "service.a.run: expected "
    '"module:Class" or "module:factory", got "school.portal"',
    one("lisen = ''"): 'service.a.lisen: unknown key; did you mean "listen"?',
    one("listen = [7]"): "service.a.listen[0]: expected text, got a whole number",
    one("listen = ':8080'"): "service.a.listen: expected a URL such as"
    ' http://127.0.0.1:0, got ":8080"',
    one("listen = 'http://h:99999'"): "service.a.listen: port out of range 0-65535,"
    ' got "http://h:99999"',
    one("advertise = '0.0.0.0'"): "service.a.advertise: '0.0.0.0': expected a host, host:port or"
    " a URL that others can call",
    one("open = 1"): "service.a.open: expected true or false, got a whole number",
    one("settings = 1"): "service.a.settings: expected a table, got a whole number",
    one("environment = 'x'"): "service.a.environment: expected a table, got text",
    one("environment = { PORT = 1 }"): "service.a.environment.PORT: expected text,"
    " as every variable is, got 1",
    one("needs = ['b']\n[service.bb]\nrun = 'b:B'"): "service.a.needs:"
    ' no other service is called "b"; did you mean "bb"?',
    one("needs = ['a']"): 'service.a.needs: no other service is called "a"',
}


@pytest.mark.parametrize(("text", "message"), WRONG_FILES.items(), ids=WRONG_FILES.values())
def test_a_wrong_file_says_where_and_what_was_expected(text: str, message: str):
    with pytest.raises(ConfigError) as refused:
        config(text)
    assert str(refused.value) == f"{WHERE}: {message}"


WRONG_VARIABLES = {
    ("SYSTM__NAME", "x"): ': no section "systm"; did you mean "system"?',
    ("SERVICE__GRADIN__RUN", "a:A"): ': /srv/school/kitfox.toml has no service "gradin";'
    ' did you mean "grading"?',
    ("SYSTEM__LOGS", "perhaps"): ": system.logs: expected true or false, got text",
    ("SYSTEM__LOGGS", "1"): ': system.loggs: unknown key; did you mean "logs"?',
    ("SYSTEM__NAME__X", "1"): ": system.name: is a value, not a table",
    ("SYSTEM__", "1"): ": expected a name on each side of `__`",
    ("SERVICE__GRADING__SETTINGS__KEY_FILE", "/k"): ": cannot read /k: No such file or directory",
}


@pytest.mark.parametrize(("variable", "message"), WRONG_VARIABLES.items())
def test_a_wrong_variable_is_named(variable: tuple[str, str], message: str):
    name, value = f"KITFOX_{variable[0]}", variable[1]
    text = SCHOOL.replace("[system]", '[system]\nname = "school"')
    with pytest.raises(ConfigError) as refused:
        config(text, **{name: value})
    assert str(refused.value) == name + message


def test_a_secret_given_twice_is_refused():
    with pytest.raises(ConfigError, match="KITFOX_SYSTEM__NAME is set as well"):
        config(KITFOX_SYSTEM__NAME="a", KITFOX_SYSTEM__NAME_FILE="b")


def test_a_wrong_profile_is_named():
    with pytest.raises(ConfigError) as refused:
        config(profile="producton")
    assert str(refused.value) == (
        f'{WHERE}: profile.producton: no such profile; did you mean "production"?'
    )


def test_a_mistake_in_a_profile_names_the_profile():
    text = SCHOOL.replace("logs = false", "logs = 'no'")
    with pytest.raises(ConfigError) as refused:
        config(text, profile="production")
    assert str(refused.value) == (
        f"{WHERE} [profile.production]: system.logs: expected true or false, got text"
    )


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("system..name", "--set system..name: expected names with dots between them"),
        ("name", '--set name: no section "name"; known here: policy, service, system'),
        ("service.grading.opened", "--set service.grading.opened: unknown key; "),
    ],
)
def test_a_wrong_flag_is_named(key: str, message: str):
    with pytest.raises(ConfigError) as refused:
        load(SCHOOL, {}, {key: "x"}, WHERE)
    assert str(refused.value).startswith(message)


def test_a_file_that_is_missing_says_so(tmp_path: Path):
    file = tmp_path / "kitfox.toml"
    with pytest.raises(ConfigError) as refused:
        read_config(file, {}, {})
    assert str(refused.value) == f"{file}: cannot be read: No such file or directory"


def test_the_nearest_file_upwards_is_found(tmp_path: Path):
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    (tmp_path / "kitfox.toml").touch()
    assert find_config(deep) == tmp_path / "kitfox.toml"
    (tmp_path / "a" / "kitfox.toml").touch()
    assert find_config(deep) == tmp_path / "a" / "kitfox.toml"


@given(
    name=st.dictionaries(
        st.sampled_from(["profile", "environ", "flag"]), st.text("abc", min_size=1), max_size=3
    )
)
def test_the_strongest_source_that_speaks_wins(name: dict[str, str]):
    environ = {"KITFOX_SYSTEM__NAME": name["environ"]} if "environ" in name else {}
    flags = {"system.name": name["flag"]} if "flag" in name else {}
    profile = f'[profile.p.system]\nname = "{name["profile"]}"' if "profile" in name else ""
    loaded = load(
        f'[system]\nname = "file"\n{profile}',
        environ,
        flags,
        WHERE,
        profile="p" if profile else None,
    )
    strongest = next((name[who] for who in ("flag", "environ", "profile") if who in name), "file")
    assert loaded.system.name == strongest


def test_a_service_says_how_long_it_serves_on_when_it_stops():
    desk = '[service.desk]\nrun = "desk:Desk"\nnotice = "{}"'
    found = load(desk.format("1m30s"), {}, {}, Path("kitfox.toml"))
    assert found.services["desk"].notice == timedelta(seconds=90)
    with pytest.raises(ConfigError, match=r"service\.desk\.notice: expected a duration"):
        load(desk.format("-1s"), {}, {}, Path("kitfox.toml"))


def test_a_service_says_how_long_it_may_take_to_be_ready():
    desk = '[service.desk]\nrun = "desk:Desk"\nready_within = "{}"'
    (group,) = groups(load(desk.format("1m30s"), {}, {}, Path("kitfox.toml"))).values()
    assert group.ready_within == 90.0
    with pytest.raises(ConfigError, match=r"service\.desk.*ready_within: expected more than 0"):
        load(desk.format("0s"), {}, {}, Path("kitfox.toml"))
