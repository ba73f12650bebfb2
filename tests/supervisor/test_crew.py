"""Which processes a service has, and how each is to be started."""

from pathlib import Path

import pytest

from kitfox.app import Config, load
from kitfox.supervisor._crew import Crew
from kitfox.supervisor._held_sockets import HeldSockets
from kitfox.supervisor._plan import Plan
from kitfox.supervisor._process_names import process_names


def config(text: str = "", name: str = "desk") -> Config:
    return load(f'[service.{name}]\nrun = "x:X"\n{text}\n', {}, {}, Path("kitfox.toml"))


@pytest.fixture
def sockets():
    held = HeldSockets()
    yield held
    held.close_all()


def crew(config: Config, sockets: HeldSockets) -> Crew:
    return Crew("desk", config, lambda _, name: [name], sockets)


def test_replicas_are_numbered_and_who_is_alone_has_the_name():
    assert process_names(config(), "desk") == ("desk",)
    assert process_names(config("replicas = 2"), "desk") == ("desk/1", "desk/2")
    assert process_names(config(), "other") == ()


def test_a_process_is_given_the_times_of_its_service(sockets):
    plans: list[Plan] = []
    text = 'replicas = 2\nnotice = "9.5s"\nhealth.dead_after = "2s"'
    crew(config(text), sockets).man(plans.append)
    assert [(plan.name, plan.grace, plan.silence) for plan in plans] == [
        ("desk/1", 51.5, 6.0),
        ("desk/2", 51.5, 6.0),
    ]


def test_those_that_are_more_get_a_keeper_and_those_that_are_there_keep_theirs(sockets):
    made = crew(config("replicas = 2"), sockets)
    made.man(lambda plan: plan)
    hired: list[str] = []
    wanted = made.named("desk", config("replicas = 3"), lambda plan: hired.append(plan.name))
    assert wanted == ("desk/1", "desk/2", "desk/3")
    assert hired == ["desk/3"]


def test_of_one_replica_alone_the_number_cannot_be_changed(sockets):
    made = crew(config("replicas = 2"), sockets)
    made.man(lambda plan: plan)
    assert made.named("desk/1", config('replicas = 2\nnotice = "1s"'), pytest.fail) == ("desk/1",)
    with pytest.raises(LookupError, match="changes when all of desk is restarted"):
        made.named("desk/1", config("replicas = 3"), pytest.fail)


async def test_a_service_that_is_no_longer_there_is_not_replaced(sockets):
    made = crew(config(), sockets)
    made.man(lambda plan: plan)
    other = config(name="other")
    assert made.named("desk", other, pytest.fail) == ("desk",)
    failed = await made.renew("desk", other)
    assert "which services there are changes when kitfox up starts" in str(failed)
