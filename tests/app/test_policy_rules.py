"""What a table says is what is made of it, key by key."""

import pytest

from kitfox.app import Policies
from kitfox.balancing import ConsistentHash, Outliers, Prefer, Subset
from kitfox.core import by_field
from kitfox.resilience import (
    AdaptiveBreaker,
    Backoff,
    Budget,
    Bulkhead,
    Hedge,
    Retry,
    Shedder,
    Trip,
    WindowBreaker,
)

SAID = {
    "retry": {
        "tries": 3,
        "base": "20ms",
        "factor": 3.0,
        "longest": "4s",
        "share": 0.4,
        "patience": "5s",
        "budget": 0.3,
        "floor": 6.0,
    },
    "hedge": {"part": 0.9, "least": "3ms", "calls": 50},
    "breaker": {"k": 2.0, "window": "20s", "protect": 7, "probe_after": "3s"},
    "instance_breaker": {
        "share": 0.4,
        "volume": 30,
        "streak": 6,
        "slow": "2s",
        "slow_share": 0.3,
        "window": "20s",
        "cool": "7s",
        "probes": 2,
        "successes": 3,
    },
    "outliers": {
        "streak": 3,
        "base": "20s",
        "longest": "4m",
        "most": 0.4,
        "panic": 0.3,
        "interval": "5s",
        "volume": 50,
        "peers": 4,
        "sigmas": 2.5,
        "margin": 0.1,
    },
    "prefer": {"levels": [{"zone": "a"}, {"region": "b"}], "spare": 1.2},
    "subset": {"size": 7, "client": 3},
    "balancer": {"consistent_hash": "field:student", "bound": 1.5, "room": 4},
    "shed": {"target": "20ms", "interval": "200ms", "spare": 0.2, "highest": "default"},
    "bulkhead": {"limit": 4, "queue": 5},
}
MADE = {
    "retry": Retry(
        tries=3, backoff=Backoff(base=0.02, factor=3.0, longest=4.0), share=0.4, patience=5.0
    ),
    "hedge": Hedge(part=0.9, least=0.003, calls=50),
    "breaker": AdaptiveBreaker(k=2.0, window=20.0, protect=7, probe_after=3.0),
    "instance_breaker": WindowBreaker(
        Trip(share=0.4, volume=30, streak=6, slow=2.0, slow_share=0.3),
        window=20.0,
        cool=7.0,
        probes=2,
        successes=3,
    ),
    "outliers": Outliers(
        streak=3,
        base=20.0,
        longest=240.0,
        most=0.4,
        panic=0.3,
        interval=5.0,
        volume=50,
        peers=4,
        sigmas=2.5,
        margin=0.1,
    ),
    "prefer": Prefer({"zone": "a"}, {"region": "b"}, spare=1.2),
    "subset": Subset(7, client=3),
    "balancer": ConsistentHash(by_field("student"), bound=1.5, room=4),
    "shed": Shedder(target=0.02, interval=0.2, spare=0.2),
    "bulkhead": Bulkhead(4, queue=5),
}


def rules(field):
    return getattr(Policies.read({field: SAID[field]}).of("a.B"), field)


def inside(thing):
    """What a thing consists of; of functions, which are equal to themselves alone, the name."""
    if callable(thing) and hasattr(thing, "__qualname__"):
        return thing.__qualname__
    if isinstance(thing, (list, tuple)):
        return [inside(each) for each in thing]
    slots = [name for kind in type(thing).__mro__ for name in getattr(kind, "__slots__", ())]
    names = [*slots, *getattr(thing, "__dict__", ())]
    if type(thing).__module__.startswith("kitfox") and names:
        return {name: inside(getattr(thing, name, None)) for name in names}
    return thing


@pytest.mark.parametrize("field", SAID)
def test_each_key_has_its_place_in_what_is_made(field):
    assert SAID[field].keys() == set(type(rules(field)).__struct_fields__)
    assert inside(rules(field).made()) == inside(MADE[field])


@pytest.mark.parametrize("field", SAID)
def test_what_is_made_without_a_key_is_something_else(field):
    """Or the test above would find everything equal to everything."""
    for key in SAID[field].keys() - {"size", "limit", "levels", "consistent_hash", "highest"}:
        fewer = {name: said for name, said in SAID[field].items() if name != key}
        made = getattr(Policies.read({field: fewer}).of("a.B"), field).made()
        assert key in {"budget", "floor"} or inside(made) != inside(MADE[field]), key


def test_the_budget_of_retries_is_said_with_them():
    assert inside(rules("retry").made_budget()) == inside(Budget(share=0.3, floor=6.0))


def test_a_queue_has_a_shedder_that_is_exact():
    shedder = Shedder(target=0.02, interval=0.2, spare=0.2, exact=True)
    assert inside(rules("shed").made(exact=True)) == inside(shedder)
