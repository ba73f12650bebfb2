"""What may be typed for a service or a method."""

import pytest

from kitfox.cli._names import find_name, split_name
from kitfox.core import NotFound

SERVICES = ["acme.v1.Users", "school.v1.Grading", "school.v2.Grading"]


@pytest.mark.parametrize("word", ["acme.v1.Users", "ACME.V1.users", "Users", "users"])
def test_the_last_part_of_a_name_will_do(word: str):
    assert find_name(word, SERVICES) == "acme.v1.Users"


def test_a_method_may_be_spelt_as_in_python():
    assert find_name("add_grade", ["AddGrade", "Watch"]) == "AddGrade"


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("Grading", 'several of them are called "Grading"; known here: school.v1.Grading, '),
        ("acme.v1.Usrs", 'no service "acme.v1.Usrs"; did you mean "acme.v1.Users"?'),
        ("q", 'no service "q"; known here: acme.v1.Users, '),
    ],
)
def test_a_name_that_is_unknown_or_unclear_is_answered_with_those_there_are(word, message):
    with pytest.raises(NotFound) as refused:
        find_name(word, SERVICES)
    assert str(refused.value).startswith(message)


@pytest.mark.parametrize(
    ("word", "parts"),
    [
        ("users", ("acme.v1.Users", "")),
        ("users.get", ("acme.v1.Users", "get")),
        ("school.v1.Grading", ("school.v1.Grading", "")),
        ("school.v1.Grading.AddGrade", ("school.v1.Grading", "AddGrade")),
    ],
)
def test_a_service_and_its_method_are_told_apart(word: str, parts: tuple[str, str]):
    assert split_name(word, SERVICES) == parts
