"""The root of the command line."""

import click

from kitfox.cli._breaker import breaker
from kitfox.cli._call import call
from kitfox.cli._completion import completion
from kitfox.cli._config import config
from kitfox.cli._describe import describe
from kitfox.cli._gen import gen
from kitfox.cli._group import Group
from kitfox.cli._instances import instances
from kitfox.cli._logs import logs
from kitfox.cli._restart import restart
from kitfox.cli._run import run
from kitfox.cli._schema import schema
from kitfox.cli._serve import serve
from kitfox.cli._services import services
from kitfox.cli._up import up
from kitfox.cli._version import version
from kitfox.cli._weight import drain, undrain, weight


@click.group(
    cls=Group,
    commands=[
        *(up, run, serve, restart, services, instances, describe, call, logs),
        *(drain, undrain, weight, breaker, schema, config, gen, version, completion),
    ],
    epilog="Exit codes: 0 ok, 1 failed, 2 used wrongly, 3 not found, 4 unhealthy, 5 out of time.",
    context_settings={"help_option_names": ["-h", "--help"]},
)
def main() -> None:
    """Run a system of services, and look into it while it runs.

    Begin with `kitfox up` in a folder that has a kitfox.toml.
    """
