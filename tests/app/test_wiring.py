"""What a service needs, read from its constructor, and what is said when it cannot be had."""

import functools
import sys
from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import msgspec
import pytest

from kitfox import Service, rpc
from kitfox.app import WiringError, load_target, needs_of, wire
from kitfox.transports.memory import Memory


class Grading(Service, ABC, name="school.v1.Grading"):
    @rpc
    @abstractmethod
    async def grade(self, student: int) -> int: ...


class Gradings(Grading):
    async def grade(self, student: int) -> int:
        return student * 2


class Settings(msgspec.Struct):
    title: str
    port: Annotated[int, msgspec.Meta(ge=1)] = 80
    tags: list[str] = []
    folder: Path = Path()
    wait: timedelta = timedelta()


@dataclass
class Limits:
    port: int = 1


class Portal(Service):
    def __init__(self, grading: Grading, settings: Settings, greeting: str = "hello", *more: int):
        self.grading = grading
        self.settings = settings
        self.greeting = greeting


def nothing_else(kind):
    pytest.fail(f"{kind} was asked for")


def test_what_a_class_needs_is_what_its_constructor_says():
    needs = needs_of(Portal)
    assert needs.services == {"grading": Grading}
    assert needs.settings == {"settings": Settings}


def test_what_a_factory_needs_is_what_its_parameters_say():
    def build(grading: Grading, limits: Limits, **options: Service) -> Portal: ...

    assert needs_of(build).services == {"grading": Grading}
    assert needs_of(build).settings == {"limits": Limits}


def test_a_service_that_needs_nothing_is_made_of_nothing():
    assert needs_of(Gradings).services == {}
    assert isinstance(wire(Gradings, {}, nothing_else), Gradings)


def test_a_service_is_given_what_it_needs():
    grading = Gradings()
    made = wire(Portal, {"title": "t", "port": "8080"}, {Grading: grading}.__getitem__)
    assert made.grading is grading
    assert made.settings == Settings("t", 8080)
    assert made.greeting == "hello"


async def test_a_service_typed_by_its_contract_is_given_a_client_as_well_as_an_instance():
    wire_of_memory = Memory()
    async with wire_of_memory.listen(Gradings().routes()):
        made = wire(Portal, {"title": "t"}, lambda kind: kind.client(wire_of_memory))
        assert await made.grading.grade(4) == 8


def test_settings_may_be_a_dataclass_and_have_defaults():
    def build(limits: Limits) -> Service:
        made = Gradings()
        made.limits = limits
        return made

    assert wire(build, {}, nothing_else).limits == Limits(1)
    assert wire(build, {"port": 7}, nothing_else).limits == Limits(7)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({}, "settings.title: missing"),
        ({"title": 5}, "settings.title: expected text, got a whole number"),
        ({"title": "t", "port": "http"}, "settings.port: expected a whole number, got text"),
        ({"title": "t", "port": 0}, "settings.port: expected a whole number >= 1"),
        ({"title": "t", "tags": ["a", 1]}, "settings.tags[1]: expected text, got a whole number"),
        ({"title": "t", "wait": "soon"}, 'settings.wait: expected a duration such as "30s"'),
        (
            {"title": "t", "wait": []},
            'settings.wait: expected a duration such as "30s", got a list',
        ),
        ({"title": "t", "folder": 5}, "settings.folder: expected a path, got a whole number"),
        ({"title": "t", "tag": ["a"]}, 'settings.tag: unknown key; did you mean "tags"?'),
    ],
)
def test_settings_that_do_not_fit_are_named(table, words):
    with pytest.raises(WiringError) as refused:
        wire(Portal, table, lambda kind: Gradings())
    assert str(refused.value) == words


def test_a_path_and_a_duration_are_written_as_text():
    table = {"title": "t", "folder": "/srv/school", "wait": "1h30m"}
    made = wire(Portal, table, lambda kind: Gradings())
    assert made.settings.folder == Path("/srv/school")
    assert made.settings.wait == timedelta(minutes=90)


class Greedy(Service):
    def __init__(self, database: dict, /, settings: Settings): ...


class Unread(Service):
    def __init__(self, grading: "Grade"): ...  # noqa: F821  a name that is nowhere


async def slowly() -> Service:
    return Gradings()


def no_service() -> int:
    return 5


@pytest.mark.parametrize(
    ("factory", "words"),
    [
        (Greedy, "Greedy: parameter 'database' is neither a Service nor a Struct of settings"),
        (lambda thing: None, "parameter 'thing' is neither"),
        (Unread, "Unread: its hints cannot be read: name 'Grade' is not defined"),
        (slowly, "slowly is async; open what takes time in the service's __aenter__"),
        (Grading, "Grading is only a contract; name a class that implements it"),
        (no_service, "no_service made a int, which is no Service"),
        (functools.partial(Portal, Gradings()), "its hints cannot be read"),
    ],
)
def test_what_cannot_be_put_together_is_refused_in_words(factory, words):
    with pytest.raises(WiringError, match=words):
        wire(factory, {}, lambda kind: Gradings())


@pytest.fixture
def module(tmp_path, monkeypatch):
    """Write a module `shop_of_tests`, and forget it afterwards."""
    monkeypatch.syspath_prepend(tmp_path)

    def write(text):
        (tmp_path / "shop_of_tests.py").write_text(text)

    yield write
    sys.modules.pop("shop_of_tests", None)


def test_a_target_is_a_module_and_a_name(module):
    module("def build(): ...\nclass Shop: ...")
    assert load_target("shop_of_tests:build").__name__ == "build"
    assert load_target("shop_of_tests:Shop").__name__ == "Shop"


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("shop_of_tests", "expected 'package.module:Class'"),
        (":Shop", "expected 'package.module:Class'"),
        ("shop_of_tests:", "expected 'package.module:Class'"),
        ("shop_of_tests:Missing", "module shop_of_tests has no 'Missing'"),
        ("shop_of_tests:PORT", "is neither a class nor a function"),
        ("nowhere_at_all:Shop", "there is no module 'nowhere_at_all'"),
        ("shop_of_tests.deeper:Shop", "there is no module 'shop_of_tests.deeper'"),
    ],
)
def test_a_target_that_is_not_there_is_named(module, target, words):
    module("PORT = 80")
    with pytest.raises(WiringError, match=words):
        load_target(target)


def test_a_module_that_cannot_import_another_says_which_itself(module):
    module("import not_installed_here")
    with pytest.raises(ModuleNotFoundError, match="not_installed_here"):
        load_target("shop_of_tests:Shop")
