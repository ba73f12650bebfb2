from pathlib import Path

import pytest

from kitfox.app import ConfigError, load

FILE = """
[policy]
deadline = "1s"

[policy."school.Grading"]
breaker = { protect = 20 }

[policy."school.Grading/Add"]
retry = { tries = 3 }

[profile.calm.policy."school.Grading"]
shed = false
"""


def read(text=FILE, environ=None, flags=None, profile=None):
    where = Path("kitfox.toml")
    return load(text, environ or {}, flags or {}, where, profile=profile).policies


def wrong(text="", **sources):
    with pytest.raises(ConfigError) as raised:
        read(text, **sources)
    return str(raised.value)


def test_policies_stand_in_the_file():
    add = read().of("school.Grading", "Add")
    assert add.deadline.total_seconds() == 1.0
    assert add.breaker.protect == 20
    assert add.retry.tries == 3
    assert add.shed is True


def test_a_profile_changes_them():
    assert read(profile="calm").of("school.Grading").shed is False


def test_variables_and_flags_change_them():
    policies = read(
        environ={"KITFOX_POLICY__RETRY__TRIES": "5"},
        flags={
            "policy.deadline": "3s",
            "policy.school.Grading/Add.retry.share": "0.9",
            "policy.school.Grading.balancer": "random",
        },
    )
    assert policies.of("other.Service").retry.tries == 5
    assert policies.of("other.Service").deadline.total_seconds() == 3.0
    add = policies.of("school.Grading", "Add")
    assert (add.retry.tries, add.retry.share, add.balancer) == (3, 0.9, "random")


def test_an_error_says_who_said_what_where():
    assert wrong('[policy."a.B"]\nretry = { tires = 2 }') == (
        'kitfox.toml: policy."a.B".retry.tires: unknown key'
    )
    said = wrong(FILE, environ={"KITFOX_POLICY__RETRY__TRIES": "none"})
    assert said.startswith("KITFOX_POLICY__RETRY__TRIES: policy.retry.tries: expected a whole")
    said = wrong(FILE, flags={"policy.school.Grading.shed.spare": "2"})
    assert said.startswith('--set policy.school.Grading.shed.spare: policy."school.Grading".shed')
    assert wrong("[policy]\ndeadlin = true").endswith('did you mean "deadline"?')
    assert wrong("policy = 3") == "kitfox.toml: policy: expected a table"
