import asyncio
from pathlib import Path

import pytest

from kitfox.app import Chains, ConfigError, changes, load, mark_of
from kitfox.core import Service, methods_of, rpc
from kitfox.process._reload import Reloading, waiting
from kitfox.scope import fail_after

SYSTEM = '[service.desk]\nrun = "desk:Desk"\n'


class Desk(Service, name="acme.v1.Desk"):
    @rpc
    async def look(self) -> None:
        """Look something up."""


def config(text: str = ""):
    return load(SYSTEM + text, {}, {}, Path("kitfox.toml"))


@pytest.fixture
def chains():
    chains = Chains()
    chains.check(methods_of(Desk).values())
    return chains


def test_a_policy_of_a_method_that_is_not_there_changes_nothing(chains, caplog):
    wrong = '[policy]\nretry = false\n[policy."acme.v1.Desk/Lok"]\n'
    Reloading(config(), chains, lambda: config(wrong))()
    assert 'policy."acme.v1.Desk/Lok": acme.v1.Desk has no such method' in caplog.text
    assert "kitfox.toml" in caplog.text


def test_chains_refuse_a_policy_of_what_they_learn_is_not_there():
    chains = Chains(config('[policy."acme.v1.Desk/Lok"]').policies)
    with pytest.raises(ConfigError, match='did you mean "Look"'):
        chains.check(methods_of(Desk).values())


def test_what_cannot_change_in_a_process_that_runs_is_named():
    begun = config()
    assert list(waiting(begun, config("[policy]\nretry = false"))) == []
    assert list(waiting(begun, config('listen = "http://127.0.0.1:1"'))) == ["service.desk"]
    assert list(waiting(begun, config("[system]\nlogs = false"))) == ["system"]
    assert list(waiting(begun, config('[policy]\nbalancer = "random"'))) == ["policy: balancer"]
    assert list(waiting(begun, config("[policy]\noutliers = false\nsubset = { size = 3 }"))) == [
        "policy: outliers",
        "policy: subset",
    ]
    assert list(waiting(begun, config('[service.new]\nrun = "a:B"'))) == ["service.new"]


async def test_a_file_that_is_written_removed_or_replaced_has_changed(tmp_path):
    file = tmp_path / "kitfox.toml"
    file.write_text("one")
    heard = 0

    async def hear():
        nonlocal heard
        async for _ in changes(lambda: mark_of(file), every=0.01):
            heard += 1

    def replace():
        (tmp_path / "new").write_text("again")
        (tmp_path / "new").replace(file)

    hearing = asyncio.create_task(hear())
    await asyncio.sleep(0)  # it looks once before it waits
    changed = (lambda: file.write_text("three"), file.unlink, lambda: file.write_text("a"), replace)
    async with fail_after(10):
        for number, change in enumerate(changed, start=1):
            change()
            while heard < number:
                await asyncio.sleep(0.001)
    hearing.cancel()
    await asyncio.wait([hearing])
