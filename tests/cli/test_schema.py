"""`kitfox schema`: of code and of files; tests/cli/test_system.py asks services that run."""

import json
import sys

import pytest

from kitfox.cli._exit import Exit

USERS = """
from collections.abc import AsyncIterator
from kitfox.core import Service, rpc

class Users(Service, name="acme.v1.Users"):
    @rpc
    async def name(self, id: int) -> str: ...

class Later(Service, name="acme.v1.Users"):
    @rpc
    async def name(self, id: int, lang: str = "en") -> str: ...

    @rpc
    async def import_(self, names: AsyncIterator[str]) -> int: ...

class Wrong: ...
"""


@pytest.fixture(autouse=True)
def users(tmp_path, monkeypatch):
    """A module with two versions of a service, in the folder where the command runs."""
    (tmp_path / "users.py").write_text(USERS)
    monkeypatch.setattr(sys, "path", [*sys.path])
    yield
    sys.modules.pop("users", None)


@pytest.fixture
def exported(kitfox):
    def export(*words):
        result = kitfox("schema", "export", *words)
        assert (result.exit_code, result.stderr) == (Exit.OK, "")
        return result.stdout

    return export


def test_export_writes_each_form(exported):
    schema = json.loads(exported("users:Users"))
    assert [method["name"] for method in schema["methods"]] == ["Name"]
    assert json.loads(exported("users:Users", "--json-schema")) == schema
    openapi = json.loads(exported("users:Later", "--openapi"))
    assert list(openapi["paths"]) == ["/acme.v1.Users/Name"], "HTTP carries no stream of requests"
    asyncapi = json.loads(exported("users:Later", "--asyncapi"))
    assert set(asyncapi["operations"]) == {"acme.v1.Users.Name", "acme.v1.Users.Import"}
    assert "rpc Import(stream UsersImportRequest)" in exported("users:Later", "--proto")


def test_a_file_is_a_source_too(exported, tmp_path):
    (tmp_path / "users.json").write_text(exported("users:Users"))
    assert exported("users.json") == exported("users:Users")
    assert exported(str(tmp_path / "users.json"), "--asyncapi") == exported(
        "users:Users", "--asyncapi"
    )


def test_diff_exits_by_whether_something_breaks(kitfox, exported, tmp_path):
    (tmp_path / "users.json").write_text(exported("users:Users"))
    forth = kitfox("schema", "diff", "users.json", "users:Later")
    assert forth.exit_code == Exit.OK
    assert [line.split()[0] for line in forth.stdout.splitlines()[1:]] == ["fits", "fits"]
    back = kitfox("schema", "diff", "users:Later", "users.json")
    assert back.exit_code == Exit.FAILED
    assert "BREAKS  acme.v1.Users.Import             is gone" in back.stdout
    told = json.loads(kitfox("schema", "diff", "users:Later", "users.json", "--json").stdout)
    assert [change["breaking"] for change in told] == [True, True]
    same = kitfox("schema", "diff", "users:Users", "users.json")
    assert (same.exit_code, same.stdout) == (Exit.OK, "nothing has changed\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["users:None_"], "module users has no 'None_'"),
        (["users:Wrong"], "expected a return type that is a Service"),
        (["nowhere:Users"], "there is no module 'nowhere'"),
        (["none.json"], "none.json: cannot be read: No such file or directory"),
        (["./users.py"], "./users.py: expected what `schema export` writes: "),
        (["Users"], "no registry is known here"),
    ],
)
def test_a_source_of_no_use_is_not_taken_for_a_change(kitfox, words, said):
    for command in (["export", *words], ["diff", *words, *words]):
        result = kitfox("schema", *command)
        assert said in result.stderr
        assert (result.exit_code, result.stdout) == (Exit.USAGE, "")


@pytest.mark.parametrize("form", ["openapi", "proto"])
def test_what_is_made_of_types_needs_the_code(kitfox, exported, tmp_path, form):
    (tmp_path / "users.json").write_text(exported("users:Users"))
    result = kitfox("schema", "export", "users.json", f"--{form}")
    assert result.exit_code == Exit.USAGE
    assert f"--{form} is made of types: name their code, as in module:Service" in result.stderr
