from contextlib import asynccontextmanager
from pathlib import Path

from kitfox.app import Chains, Policies, load
from kitfox.cli._system_strangers import Strangers
from kitfox.core import methods_of
from kitfox.net import Notifier, NotifySocket
from kitfox.process import running_together
from kitfox.process._strangers import telling_strangers
from kitfox.schema import Reflection
from kitfox.scope import fail_after
from kitfox.supervisor import Row, State

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
notice = "0s"
listen = []

[service.front]
run = "strangers_shop:Front"
notice = "0s"
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
        telling_strangers(
            running_together(config, chains), config, chains, Notifier(None), whole=True
        ),
    ):
        told = [record.getMessage() for record in caplog.records if record.name == "kitfox.run"]
    assert len(told) == 1
    assert told[0].endswith(
        'kitfox.toml: policy."strangers.Stok/Get": nobody here serves or calls strangers.Stok; '
        'did you mean "strangers.Stock"?'
    )


def test_who_supervises_a_system_tells_once_when_all_have_said_what_they_know():
    told = []
    strangers = Strangers(load(SYSTEM, {}, {}, Path("kitfox.toml")), told.append)
    stock = Row(name="stock", state=State.READY, services=("strangers.Stock",))
    front = Row(name="front", state=State.STARTING)
    strangers.changed([stock, front])
    assert told == []
    up = Row(name="front", state=State.READY, services=("strangers.Front", "strangers.Stock"))
    strangers.changed([stock, up])
    strangers.changed([stock, up])
    assert [text.partition(": nobody")[0] for text in told] == [
        f'{Path("kitfox.toml").absolute()}: policy."strangers.Stok/Get"'
    ]


async def test_a_process_of_a_system_says_what_it_knows_before_it_is_ready(tmp_path):
    config = load(SYSTEM, {}, {}, Path("kitfox.toml"))
    chains = Chains()
    chains.check(methods_of(Reflection).values())
    with NotifySocket(tmp_path) as socket:
        notifier = Notifier(socket.address)
        services = telling_strangers(started(), config, chains, notifier, whole=False)
        async with fail_after(10.0), services:
            told = await anext(aiter(socket))
    assert told.fields == {"X_SERVICES": "kitfox.v1.Reflection"}


@asynccontextmanager
async def started():
    yield ("memory:",)


def test_a_policy_of_all_services_is_about_somebody():
    assert list(Policies.read({"retry": False}).strangers([])) == []
