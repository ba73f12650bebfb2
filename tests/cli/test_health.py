"""What the command line and the configuration say of probes and the watchdog."""

from datetime import timedelta
from pathlib import Path

import pytest

from kitfox.app import ConfigError, HealthConfig, load
from kitfox.process._health import watchdog_of


def test_probes_of_all_services_are_not_one_address(kitfox):
    result = kitfox("run", "--all", "--probes", ":9000")
    assert result.exit_code == 2
    assert "--probes is of one service" in result.output


@pytest.mark.parametrize(
    ("setting", "problem"),
    [
        ("probes=9000", "probes: address '9000' has no port: expected 'host:port' or ':port'"),
        ("dump_after=0s", "expected dump_after above 0, and dead_after no less than that"),
        ("dead_after=1ms", "expected dump_after above 0, and dead_after no less than that"),
    ],
)
def test_what_makes_no_sense_is_told_with_its_place(setting, problem):
    key, _, value = setting.partition("=")
    text = f'[service.desk]\nrun = "a:B"\n[service.desk.health]\n{key} = "{value}"'
    with pytest.raises(ConfigError) as caught:
        load(text, {}, {}, Path("kitfox.toml"))
    assert str(caught.value) == f"kitfox.toml: service.desk.health: {problem}"


def test_a_loop_that_services_share_is_watched_as_the_strictest_of_them_says():
    quick = HealthConfig(dump_after=timedelta(seconds=0.1))
    early = HealthConfig(dead_after=timedelta(seconds=2))
    assert watchdog_of([quick, early, HealthConfig()]).limits == (0.1, 2.0)
