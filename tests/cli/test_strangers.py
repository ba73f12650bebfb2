from pathlib import Path

from kitfox.app import Chains, Policies, load
from kitfox.cli._strangers import telling_strangers
from kitfox.cli._together import running_together
from kitfox.scope import fail_after

MODULE = """
from kitfox.core import Service, rpc

class Stock(Service, name="strangers.Stock"):
    @rpc
    async def get(self) -> int:
        return 1

class Front(Service, name="strangers.Front"):
    def __init__(self, stock: Stock) -> None: ...
"""

SYSTEM = """
[system]
logs = false

[service.stock]
run = "strangers_shop:Stock"
listen = []

[service.front]
run = "strangers_shop:Front"
listen = []
needs = ["stock"]

[policy."strangers.Stock"]
bulkhead = { limit = 3 }

[policy."strangers.Stok/Get"]
retry = false

[policy."kitfox.v1.Logs"]
retry = false
"""


async def test_a_policy_about_nobody_is_told_when_all_are_up(tmp_path, monkeypatch, caplog):
    (tmp_path / "strangers_shop.py").write_text(MODULE)
    monkeypatch.syspath_prepend(str(tmp_path))
    config = load(SYSTEM, {}, {}, Path("kitfox.toml"))
    chains = Chains(config.policies)
    async with (
        fail_after(10.0),
        telling_strangers(running_together(config, chains), config, chains),
    ):
        told = [record.getMessage() for record in caplog.records if record.name == "kitfox.run"]
    assert len(told) == 1
    assert told[0].endswith(
        'kitfox.toml: policy."strangers.Stok/Get": nobody here serves or calls strangers.Stok; '
        'did you mean "strangers.Stock"?'
    )


def test_a_policy_of_all_services_is_about_somebody():
    assert list(Policies.read({"retry": False}).strangers([])) == []
