"""What a service needs, read from its constructor, and the one call that gives it.

A parameter typed as a Service is given a client of it (or the very instance, when it lives in the
same process); one typed as a message class is given the service's settings, checked. That is the
constructor call that one would write by hand, and whatever else a service needs, a factory (any
function with such parameters) supplies.
"""

import dataclasses
import importlib
import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import TypeGuard, cast, get_type_hints

import msgspec

from kitfox.app._config_convert import fields_of, fit
from kitfox.app._config_error import ConfigError, did_you_mean
from kitfox.core import Service

Factory = Callable[..., Service]
Provide = Callable[[type[Service]], Service]


class WiringError(Exception):
    """A service cannot be put together; the text says what is missing and where."""


@dataclasses.dataclass(frozen=True, slots=True)
class Needs:
    """What a factory asks for: services and settings, by parameter."""

    services: Mapping[str, type[Service]]
    settings: Mapping[str, type]


def load_target(target: str) -> Factory:
    """Import `package.module:Class` (or a factory function there) and return it.

    Raises:
        WiringError: there is no such thing, or it is no class and no function.
    """
    module_name, _, name = target.partition(":")
    if not module_name or not name:
        msg = f"{target!r}: expected 'package.module:Class' or 'package.module:factory'"
        raise WiringError(msg)
    found = getattr(_module(module_name, target), name, None)
    if found is None:
        msg = f"{target!r}: module {module_name} has no {name!r}"
        raise WiringError(msg)
    if not callable(found):
        msg = f"{target!r} is neither a class nor a function"
        raise WiringError(msg)
    return cast("Factory", found)


def needs_of(factory: Factory) -> Needs:
    """Return what a service class or factory asks for.

    Raises:
        WiringError: a parameter without a default is neither a service nor settings.
    """
    where = _name(factory)
    hints = _hints(factory)
    services: dict[str, type[Service]] = {}
    settings: dict[str, type] = {}
    for parameter in inspect.signature(factory).parameters.values():
        hint = hints.get(parameter.name) if parameter.kind in _NAMED else None
        if _is_service(hint):
            services[parameter.name] = hint
        elif _is_settings(hint):
            settings[parameter.name] = hint
        elif parameter.default is parameter.empty and parameter.kind not in _OPTIONAL:
            msg = (
                f"{where}: parameter {parameter.name!r} is neither a Service nor a Struct of "
                "settings; give it a default, or let a factory supply it"
            )
            raise WiringError(msg)
    return Needs(services, settings)


def made_by(factory: Factory) -> type[Service]:
    """Return the kind of service that a class or a factory makes.

    Raises:
        WiringError: a factory does not say so.
    """
    hint: object = factory if isinstance(factory, type) else _hints(factory).get("return")
    if not _is_service(hint):
        msg = f"{_name(factory)}: expected a return type that is a Service, as in `-> Users`"
        raise WiringError(msg)
    return hint


def wire(factory: Factory, settings: Mapping[str, object], provide: Provide) -> Service:
    """Call `factory` with what it needs: services from `provide`, settings from the table.

    Raises:
        WiringError: the settings do not fit (which field, what was expected) or say what nobody
            asks for, `factory` is only a contract, or what came of it is no service.
    """
    if inspect.isabstract(factory):
        msg = f"{_name(factory)} is only a contract; name a class that implements it"
        raise WiringError(msg)
    needs = needs_of(factory)
    _check_keys(settings, needs.settings.values())
    given: dict[str, object] = {name: provide(kind) for name, kind in needs.services.items()}
    for name, kind in needs.settings.items():
        given[name] = _settings(settings, kind)
    made = cast("object", factory(**given))
    if not isinstance(made, Service):
        msg = f"{_name(factory)} made a {type(made).__name__}, which is no Service"
        raise WiringError(msg)
    return made


_NAMED = {inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY}
_OPTIONAL = {inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD}


def _name(factory: object) -> str:
    return str(getattr(factory, "__qualname__", factory))


def _hints(factory: Factory) -> dict[str, object]:
    if inspect.iscoroutinefunction(factory):
        msg = f"{_name(factory)} is async; open what takes time in the service's __aenter__"
        raise WiringError(msg)
    function = factory.__init__ if isinstance(factory, type) else factory  # type: ignore[misc]
    try:
        return get_type_hints(function)
    except (NameError, TypeError) as error:
        msg = f"{_name(factory)}: its hints cannot be read: {error}"
        raise WiringError(msg) from None


def _module(name: str, target: str) -> object:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise
        msg = f"{target!r}: there is no module {error.name!r} (is its folder on the path?)"
        raise WiringError(msg) from None


def _is_service(hint: object) -> TypeGuard[type[Service]]:
    return isinstance(hint, type) and issubclass(hint, Service)


def _is_settings(hint: object) -> TypeGuard[type]:
    return dataclasses.is_dataclass(hint) or _is_struct(hint)


def _is_struct(hint: object) -> bool:
    return isinstance(hint, type) and issubclass(hint, msgspec.Struct)


def _check_keys(settings: Iterable[str], kinds: Iterable[type]) -> None:
    """Refuse a setting that nobody asks for: it is a typing error more often than not."""
    known = {field for kind in kinds for field in fields_of(kind)}
    if unknown := sorted(set(settings) - known):
        hint = did_you_mean(unknown[0], known) or "; it takes none"
        msg = f"settings.{unknown[0]}: unknown key{hint}"
        raise WiringError(msg)


def _settings(table: Mapping[str, object], kind: type) -> object:
    try:
        return cast("object", fit(table, kind, where="", key="settings", texts=True))
    except ConfigError as error:
        raise WiringError(str(error)) from None
