"""Becoming the process of one service."""

import asyncio
import faulthandler
import os
import sys
from collections.abc import Callable, MutableMapping
from functools import partial

from kitfox.app import (
    AdvertiseError,
    Chains,
    Config,
    ConfigError,
    Group,
    Telling,
    WiringError,
    did_you_mean,
    listening_at_port,
)
from kitfox.net import LIFELINE, Heartbeat, Notifier, Sockets, TLSError, hold_lifeline
from kitfox.process._log_shipping import log_to_stderr
from kitfox.process._reload import Reloading, Reread
from kitfox.process._running import running
from kitfox.process._serve import serve
from kitfox.process._strangers import telling_strangers
from kitfox.process._together import running_together


def run_in_foreground(reread: Reread, name: str, environ: MutableMapping[str, str]) -> None:
    """Serve one service of a configuration, or with no name all of them, until a signal.

    SIGHUP lets it read the configuration again, for its policies.

    Raises ConfigError when there is no such service or its parts do not fit.
    """
    if name and LIFELINE not in environ:  # in a system, one port cannot be for all
        reread = partial(_at_port, reread, name, environ.get("PORT", ""))
    config = reread()
    if name and name not in config.services:
        problem = f'no service "{name}"' + did_you_mean(name, config.services)
        raise ConfigError(str(config.file), "", problem)
    if lifeline := environ.pop(LIFELINE, ""):
        hold_lifeline(int(lifeline), process_of(config, name).grace)
    sockets = Sockets.inherit(environ, os.getpid())
    notifier = Notifier.from_environ(environ)
    heartbeat = Heartbeat.from_environ(notifier, environ, os.getpid())
    for variable in ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"):
        environ.pop(variable, None)  # what this process starts has nothing to say there
    faulthandler.enable()  # a watchdog that ends us with SIGABRT sees where we were
    sys.path[:0] = [str(folder.resolve()) for folder in config.system.path]
    log_to_stderr()
    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            chains = Chains(config.policies)
            services = (
                running(config, name, chains=chains, sockets=sockets)
                if name
                else running_together(config, chains, sockets)
            )
            whole = not name or len(config.services) == 1
            services = telling_strangers(services, config, chains, notifier, whole=whole)
            telling = Telling(notifier, Reloading(config, chains, reread))
            runner.run(serve(services, telling, heartbeat, sockets.close))
    except (WiringError, AdvertiseError, TLSError) as error:
        raise ConfigError("", f"service.{name}" if name else "service", str(error)) from error


def process_of(config: Config, name: str) -> Group:
    """Return what one process serves: a service, or with no name all of them."""
    services = {name: config.services[name]} if name else config.services
    return Group(services, config.system)


def _at_port(reread: Reread, name: str, port: str) -> Config:
    return listening_at_port(reread(), name, port)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return uvloop's, where it is installed."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop
