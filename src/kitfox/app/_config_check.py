"""From layers to a Config: every value has its type, every name is known, every URL is one."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import msgspec

from kitfox.app._advertise import Advertise, AdvertiseError
from kitfox.app._auth import Auth, check_auth
from kitfox.app._config_convert import convert
from kitfox.app._config_error import ConfigError, did_you_mean
from kitfox.app._config_layers import SECTIONS, Layers, Table, is_table, table_at
from kitfox.app._config_schema import Config, ServiceConfig, System
from kitfox.app._config_values import masked
from kitfox.app._groups import Group
from kitfox.app._policies import Policies

T = TypeVar("T", bound=msgspec.Struct)

_NO_URL = "expected a URL such as http://127.0.0.1:0"
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,62}")
_TARGET = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*")


def checked(layers: Layers, file: Path) -> Config:
    """Make the Config; ConfigError for the first thing that is wrong."""
    for section, value in layers.tree.items():
        if section not in SECTIONS:
            raise _wrong(
                layers, section, problem="unknown section" + did_you_mean(section, SECTIONS)
            )
        if not is_table(value):
            raise _wrong(layers, section, problem="expected a table")
    system = _system(layers, file.parent)
    names = table_at(layers.tree, "service")
    services = {name: _with_tls(_service(layers, name), system, file.parent) for name in names}
    for name, service in services.items():
        _check_needs(layers, name, service, services)
        _check_replicas(layers, name, service, system)
        _check_auth(layers, name, service.auth, system, file.parent)
    return Config(file, system, services, _policies(layers))


def _system(layers: Layers, folder: Path) -> System:
    system = _convert(layers, table_at(layers.tree, "system"), System, "system")
    if system.registry is not None:
        _check_url(layers, system.registry, "system", "registry")
    return msgspec.structs.replace(
        system,
        name=system.name or folder.name,
        state=folder / system.state,
        tls=None if system.tls is None else system.tls.below(folder),
        path=tuple(folder / part for part in system.path),
    )


def _policies(layers: Layers) -> Policies:
    try:
        return Policies.read(table_at(layers.tree, "policy"), texts=layers.has_text(("policy",)))
    except ConfigError as error:
        path = _path(error.key)
        raise ConfigError(layers.origin(path), f"policy.{error.key}", error.problem) from None


def _path(key: str) -> tuple[str, ...]:
    """Return where a key stands; a service's name is in quotes there, for it may have dots."""
    _, quote, rest = key.partition('"')
    if not quote:
        return ("policy", *key.split("."))
    name, _, below = rest.partition('"')
    return ("policy", name, *filter(None, below.split(".")))


def _service(layers: Layers, name: str) -> ServiceConfig:
    path = ("service", name)
    if not _NAME.fullmatch(name):
        raise _wrong(layers, *path, problem="expected a name of a-z, 0-9, - and _")
    value = table_at(layers.tree, "service")[name]
    if not is_table(value):
        raise _wrong(layers, *path, problem="expected a table")
    _check_environment(layers, table_at(value, "environment"), *path)
    service = _convert(layers, _listed(value), ServiceConfig, *path)
    if not _TARGET.fullmatch(service.run):
        problem = f'expected "module:Class" or "module:factory", got "{service.run}"'
        raise _wrong(layers, *path, "run", problem=problem)
    for url in service.listen:
        _check_url(layers, url, *path, "listen")
    _check_advertise(layers, service.advertise, *path)
    return service


def _with_tls(service: ServiceConfig, system: System, folder: Path) -> ServiceConfig:
    """Give a service the files it uses: its own, or else the system's; they are never mixed."""
    tls = system.tls if service.tls is None else service.tls.below(folder)
    return msgspec.structs.replace(service, tls=tls)


def _listed(table: Table) -> Table:
    """Let one URL stand for a list of one."""
    listen = table.get("listen")
    return {**table, "listen": [listen]} if isinstance(listen, str) else table


def _convert(layers: Layers, table: Table, to: type[T], *path: str) -> T:
    try:
        return convert(table, to, where="", key=".".join(path), texts=layers.has_text(path))
    except ConfigError as error:
        keys = re.split(r"[.\[]", error.key)
        raise ConfigError(layers.origin(tuple(keys)), error.key, error.problem) from None


def _check_environment(layers: Layers, environment: Table, *path: str) -> None:
    for name, value in environment.items():
        if not isinstance(value, str):
            problem = f"expected text, as every variable is, got {value!r}"
            raise _wrong(layers, *path, "environment", name, problem=problem)


def _check_needs(
    layers: Layers, name: str, service: ServiceConfig, services: Mapping[str, ServiceConfig]
) -> None:
    others = services.keys() - {name}
    for need in service.needs:
        if need not in others:
            problem = f'no other service is called "{need}"' + did_you_mean(need, others)
            raise _wrong(layers, "service", name, "needs", problem=problem)


def _check_auth(layers: Layers, name: str, said: Auth | None, system: System, folder: Path) -> None:
    try:
        if said is not None:
            check_auth(said, folder, token=system.token)
    except ConfigError as error:
        below = error.key.partition(".") if error.key else ()
        path = ("service", name, "auth", *filter(None, below[::2]))
        raise _wrong(layers, *path, problem=error.problem) from None


def _check_replicas(layers: Layers, name: str, service: ServiceConfig, system: System) -> None:
    problem = ""
    if service.replicas < 1:
        problem = f"expected 1 or more, got {service.replicas}"
    elif service.replicas > 1 and not Group({name: service}, system).may_overlap:
        problem = "this service may not run twice at once (overlap)"
    if problem:
        raise _wrong(layers, "service", name, "replicas", problem=problem)


def _check_advertise(layers: Layers, text: str, *path: str) -> None:
    try:
        Advertise.parse(text)
    except AdvertiseError as error:
        raise _wrong(layers, *path, "advertise", problem=str(error)) from None


def _check_url(layers: Layers, url: str, *path: str) -> None:
    try:
        parts = urlsplit(url)
        if parts.scheme and (parts.hostname or parts.path) and (parts.port or 0) >= 0:
            return
        problem = "expected a URL such as http://127.0.0.1:0"
    except ValueError as error:
        problem = str(error).lower()
    if (shown := masked(url)) != url:  # what is wrong with it may well be in its password
        problem = _NO_URL
    raise _wrong(layers, *path, problem=f'{problem}, got "{shown}"')


def _wrong(layers: Layers, *path: str, problem: str) -> ConfigError:
    return ConfigError(layers.origin(path), ".".join(path), problem)
