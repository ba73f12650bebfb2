"""The commands that need no running system, and what they say when they are used wrongly."""

import errno
import json
import platform

import click
import pytest

from kitfox.cli import main
from kitfox.cli._exit import Exit, Failed, explained
from kitfox.core import Code, RPCError


def test_help_lists_the_commands_in_the_order_of_use(kitfox):
    shown = kitfox("--help").output
    commands = shown.partition("Commands:")[2].partition("Exit codes")[0]
    names = [line.split()[0] for line in commands.splitlines() if line.strip()]
    assert names == [
        *("up", "run", "serve", "restart", "services", "instances", "describe"),
        *("call", "logs", "drain", "undrain", "weight", "breaker"),
        *("schema", "config", "gen", "version", "completion"),
    ]
    assert "..." not in commands, "each command says in one line what it does"


@pytest.mark.parametrize("command", main.commands)
def test_every_command_and_option_is_explained(kitfox, command: str):
    assert kitfox(command, "--help").exit_code == Exit.OK
    for parameter in main.commands[command].params:
        assert not isinstance(parameter, click.Option) or parameter.help


def test_version_speaks_to_people_and_to_programs(kitfox):
    assert kitfox("version").output.endswith(f"(Python {platform.python_version()})\n")
    assert json.loads(kitfox("version", "--json").output)["python"] == platform.python_version()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_the_shells_script(kitfox, shell: str):
    assert "_KITFOX_COMPLETE" in kitfox("completion", shell).output


USED_WRONGLY = {
    ("up",): "no kitfox.toml here or above; name one with --config FILE",
    ("up", "--config", "none.toml"): "none.toml: cannot be read: No such file or directory",
    ("up", "--set", "x"): "Invalid value for '--set': expected KEY=VALUE, got \"x\"",
    ("run",): "expected one of MODULE:NAME, --service NAME and --all",
    ("run", "a:A", "--service", "a"): "expected one of MODULE:NAME, --service NAME and --all",
    ("run", "hello"): 'command line: service.hello.run: expected "module:Class" or',
    ("services",): "no registry is known here; say --registry URL",
    ("services", "--registry", "ftp://x"): "'ftp' is the scheme of no wire; expected one of",
    ("services", "--registry", "7700"): "expected a URL such as http://127.0.0.1:8080, got",
    ("call", "a.b", "--address", "shop:80"): "expected a URL such as http://127.0.0.1:8080, got",
    ("logs", "--level", "LOUD"): "--level: 'LOUD' is no level",
    ("logs", "--since", "then"): "--since: expected 90s, 15m, 2h, 1d",
    ("services", "--timeout", "0"): "0.0 is not in the range x>0",
}


@pytest.mark.parametrize(("words", "message"), USED_WRONGLY.items(), ids=map(str, USED_WRONGLY))
def test_a_command_used_wrongly_says_what_was_expected(kitfox, words, message: str):
    result = kitfox(*words)
    assert message in result.stderr
    assert result.exit_code == Exit.USAGE
    assert result.stdout == ""


def test_a_file_without_services_has_nothing_to_run(kitfox, tmp_path):
    (tmp_path / "kitfox.toml").write_text("[system]\n")
    result = kitfox("up")
    assert "there is no [service.NAME] to run" in result.stderr
    assert result.exit_code == Exit.USAGE


def test_a_service_that_the_file_does_not_name_is_refused(kitfox, tmp_path):
    (tmp_path / "kitfox.toml").write_text('[service.portal]\nrun = "school:Portal"\n')
    result = kitfox("run", "--service", "portl")
    assert 'no service "portl"; did you mean "portal"?' in result.stderr
    assert result.exit_code == Exit.USAGE


def test_a_registry_that_is_away_is_unhealthy(kitfox):
    result = kitfox("services", KITFOX_SYSTEM__REGISTRY="http://127.0.0.1:9")
    assert result.stderr.startswith("Error: unavailable: ")
    assert result.stderr.endswith("; is the system running?\n")
    assert result.exit_code == Exit.UNHEALTHY


EXITS = {
    Code.INVALID_ARGUMENT: Exit.USAGE,
    Code.NOT_FOUND: Exit.NOT_FOUND,
    Code.UNIMPLEMENTED: Exit.NOT_FOUND,
    Code.UNAVAILABLE: Exit.UNHEALTHY,
    Code.DEADLINE_EXCEEDED: Exit.DEADLINE,
}


@pytest.mark.parametrize("code", [code for code in Code if code is not Code.OK])
def test_every_code_has_an_exit(code: Code):
    failed = explained(RPCError.of(code, "so it is"))
    assert failed is not None
    assert failed.code == EXITS.get(code, Exit.FAILED)
    assert str(failed) == f"{code.word.replace('_', ' ')}: so it is"


def test_a_fault_of_the_program_is_not_explained_away():
    assert explained(KeyError("x")) is None
    assert explained(TimeoutError()).code is Exit.DEADLINE
    assert explained(failed := Failed("no")) is failed


def test_the_systems_errors_are_words_without_numbers():
    error = FileNotFoundError(errno.ENOENT, "No such file or directory", "shop.db")
    assert str(explained(error)) == "No such file or directory: shop.db"
    assert str(explained(OSError("the disk is full"))) == "the disk is full"


def test_interrupting_a_command_is_quiet():
    from click.testing import CliRunner

    from kitfox.cli._group import Group

    @click.group(cls=Group)
    def root() -> None: ...

    @root.command()
    def wait() -> None:
        raise KeyboardInterrupt

    result = CliRunner().invoke(root, ["wait"])
    assert (result.exit_code, result.output) == (Exit.INTERRUPTED, "")
