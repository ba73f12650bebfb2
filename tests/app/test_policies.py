import pytest

from kitfox.app import ConfigError, Policies, Policy
from kitfox.core import Service, methods_of, rpc


class Grading(Service, name="school.Grading"):
    @rpc
    async def add(self, grade: int) -> None:
        """Add one."""


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
        ({"balancer": "p3c"}, "balancer: "),
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
    policies = Policies.read({"school.Grading/add": {}, "other.Service/whatever": {}})
    with pytest.raises(ConfigError) as raised:
        policies.check_methods(methods_of(Grading).values())
    assert str(raised.value) == (
        'policy."school.Grading/add": school.Grading has no such method; did you mean "Add"?'
    )
