from collections.abc import AsyncIterator
from typing import TypedDict

import pytest
from msgspec import Struct

from kitfox.app import ConfigError, Policies, Policy
from kitfox.core import Service, methods_of, rpc


class Report(Struct):
    student: str
    grades: list[int] = []


class Room(TypedDict):
    number: int


class Grading(Service, name="school.Grading"):
    @rpc
    async def add(self, grade: int) -> None:
        """Add one."""

    @rpc
    async def mean(self, student: str) -> float:
        """Return the mean of a student's grades."""

    @rpc
    async def report(self, student: str) -> Report | None:
        """Return all of it, in a box: for it may be nothing."""

    @rpc
    async def whole(self, student: str) -> Report:
        """Return all of it."""

    @rpc
    async def room(self) -> Room:
        """Return where it is done."""

    @rpc
    def watch(self) -> AsyncIterator[int]:
        """Return the grades to come."""


NO_STORE = (
    "rate_limit: store: expected a URL such as redis://127.0.0.1:6379 (or rediss://, unix://)"
)
METHODS = {method.name: method for method in methods_of(Grading).values()}


def test_without_a_table_all_is_as_usual():
    assert Policies().of("school.Grading", "Add") == Policy()


def test_the_most_specific_table_wins_field_by_field_and_key_by_key():
    policies = Policies.read(
        {
            "deadline": "1s",
            "retry": {"tries": 3, "share": 0.9},
            "school.Grading": {"retry": {"tries": 4}, "breaker": False},
            "school.Grading/Add": {"breaker": True, "deadline": False},
        }
    )
    whole, add = policies.of("school.Grading"), policies.of("school.Grading", "Add")
    assert whole.deadline.total_seconds() == 1.0
    assert (whole.retry.tries, whole.retry.share) == (4, 0.9)
    assert whole.breaker is False
    assert add.breaker is True
    assert add.deadline is False
    assert policies.of("other.Service").retry.tries == 3


def test_a_more_specific_no_takes_a_whole_table_away():
    policies = Policies.read({"retry": {"tries": 3}, "school.Grading": {"retry": False}})
    assert policies.of("school.Grading").retry is False


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        (
            {"retyr": {"tries": 2}},
            'retyr: unknown key, and no service or method; did you mean "retry"',
        ),
        ({"deadline": 1.5}, "deadline: expected true or false or a duration"),
        ({"deadline": "0s"}, "deadline: expected more than nothing"),
        ({"a.B": {"retry": {"tires": 2}}}, '"a.B".retry.tires: unknown key'),
        ({"a.B": {"retry": {"tries": 0}}}, '"a.B".retry.tries: expected'),
        ({"a.B": {"retri": True}}, '"a.B".retri: unknown key; did you mean "retry"'),
        ({"a.B": 3}, "a.B: unknown key"),
        ({"a.B/": {}}, "a.B/: unknown key"),
        ({"shed": {"target": "0s"}}, "shed: expected target"),
        ({"rate_limit": {}}, "rate_limit.rate: missing"),
        ({"balancer": "p3c"}, 'balancer: expected "least_in_flight", "p2c", "random", '),
        (
            {"balancer": {"consistent_hash": "tenant"}},
            'balancer: consistent_hash: expected "field:',
        ),
        ({"balancer": {"consistent_hash": "field:id", "bound": 0.5}}, "balancer.bound: expected"),
        (
            {"rate_limit": {"rate": 3, "by": "tenant"}},
            'rate_limit: by: expected "field:NAME" or "me',
        ),
        ({"rate_limit": {"rate": 3, "store": "http://:p4ss@host"}}, NO_STORE),
        ({"rate_limit": {"rate": 3, "store": "redis://:p4ss/@host"}}, NO_STORE),
        ({"outliers": {"strek": 3}}, "outliers.strek: unknown key"),
        ({"outliers": {"base": "0s"}}, "outliers: base: expected more than nothing"),
        ({"outliers": {"most": 2}}, "outliers.most: expected"),
        ({"prefer": True}, "prefer: expected a table or false"),
        ({"bulkhead": True}, "bulkhead: expected a table or false"),
        ({"shed": {"highest": "high"}}, 'shed.highest: expected "critical", "default" or "shed'),
        ({"prefer": {"levels": []}}, "prefer.levels: expected"),
        ({"prefer": {"levels": [{"zone": 1}]}}, "prefer.levels[0][...]: expected text"),
        ({"subset": {"client": 3}}, "subset.size: missing"),
        ({"subset": {"size": 0}}, "subset.size: expected"),
        (
            {"a.B/C": {"balancer": "random"}},
            '"a.B/C".balancer: is of a whole service; say it in [policy."a.B"]',
        ),
        (
            {"a.B": {"fallback": {"value": 3}}},
            '"a.B".fallback: is of one method; say it in [policy."a.B/Method"]',
        ),
        ({"fallback": {}}, "fallback: is of one method"),
        ({"a.B/C": {"fallback": {"codes": ["UNAVAILABEL"]}}}, '"a.B/C".fallback: codes: "UNAVAI'),
        ({"a.B/C": {"fallback": {"codes": "OK"}}}, '"a.B/C".fallback.codes: expected a list'),
        ({"a.B/C": {"fallback": {"share": 0}}}, '"a.B/C".fallback.share: expected'),
    ],
)
def test_what_is_wrong_is_said_with_its_place(table, problem):
    with pytest.raises(ConfigError) as raised:
        Policies.read(table)
    assert str(raised.value).startswith(problem)


def test_values_from_the_environment_may_be_text():
    policies = Policies.read({"retry": {"tries": "3"}, "hedge": "true"}, texts=True)
    assert policies.of("a.B").retry.tries == 3
    assert policies.of("a.B").hedge is True


def test_a_method_that_a_known_service_does_not_have_is_an_error():
    policies = Policies.read({"school.Grading/watch": {}, "other.Service/whatever": {}})
    with pytest.raises(ConfigError) as raised:
        policies.check_methods(methods_of(Grading).values())
    assert str(raised.value) == (
        'policy."school.Grading/watch": school.Grading has no such method; did you mean "Watch"?'
    )


def falling_back(method, value=None, **options):
    said = {} if value is None else {"value": value}
    return Policies.read({f"school.Grading/{method}": {"fallback": said}}, **options)


@pytest.mark.parametrize(
    ("method", "said", "value"),
    [
        ("Mean", 4, 4.0),
        ("Report", None, None),
        ("Report", {"student": "ada", "grades": [5]}, Report("ada", [5])),
    ],
)
def test_a_fallback_stands_for_a_reply_that_is_no_message(method, said, value):
    policies = falling_back(method, said)
    policies.check_methods(METHODS.values())
    assert policies.substitute(METHODS[method]).value == value


def test_a_fallback_stands_for_a_message_or_for_none():
    whole = falling_back("Whole", {"student": "ada"}).substitute(METHODS["Whole"])
    assert whole == Report("ada")
    assert falling_back("Room", {"number": "3"}, texts=True).substitute(METHODS["Room"]) == {
        "number": 3
    }
    assert falling_back("Add").substitute(METHODS["Add"]) == METHODS["Add"].reply()
    assert Policies().substitute(METHODS["Add"]) is None


@pytest.mark.parametrize(
    ("method", "said", "problem"),
    [
        ("Mean", "good", ".value: expected a number, got text"),
        ("Mean", None, ".value: expected a number, got nothing"),
        ("Report", {"grades": []}, ".value.student: missing"),
        ("Whole", None, ".value.student: missing"),
        ("Whole", {"student": "ada", "grads": []}, ".value.grads: unknown key; did you mean"),
        ("Whole", {"student": "ada", "grades": ["a"]}, ".value.grades[0]: expected a whole number"),
        ("Whole", 3, ".value: expected a table, got int"),
        ("Room", {"numbr": 3}, ".value.numbr: unknown key"),
        ("Add", 3, ".value: expected a table"),
        ("Watch", 3, ": /school.Grading/Watch streams its replies"),
    ],
)
def test_a_fallback_that_is_no_reply_is_an_error(method, said, problem):
    policies = falling_back(method, said)
    with pytest.raises(ConfigError) as raised:
        policies.check_methods(METHODS.values(), "kitfox.toml")
    place = f'kitfox.toml: policy."school.Grading/{method}".fallback'
    assert str(raised.value).startswith(place + problem)


def test_a_fallback_of_a_service_that_is_not_known_here_is_not_looked_at():
    Policies.read({"a.B/C": {"fallback": {"value": 3}}}).check_methods(METHODS.values())


def test_calls_are_hashed_by_a_field_that_a_request_has():
    hashed = {"school.Grading": {"balancer": {"consistent_hash": "field:student"}}}
    Policies.read(hashed).check_methods(METHODS.values())
    hashed["school.Grading"]["balancer"]["consistent_hash"] = "field:studnet"
    with pytest.raises(ConfigError) as raised:
        Policies.read(hashed).check_methods(METHODS.values())
    assert str(raised.value) == (
        'policy."school.Grading".balancer.consistent_hash: '
        'no request of school.Grading has a field "studnet"; did you mean "student"?'
    )
