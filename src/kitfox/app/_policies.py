"""Which policy holds for which method: the `[policy]` tables, laid over each other.

`[policy]` holds for all services, `[policy."school.Grading"]` for one of them, and
`[policy."school.Grading/Add"]` for one method. The most specific wins, field by field, and within a
field's table key by key.

What counts (a limit, a breaker, a budget) counts together for all that the most specific table is
about which says anything of it: its *scope*.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Self

import msgspec

from kitfox.app._config_convert import convert, fields_of
from kitfox.app._config_error import ConfigError, did_you_mean
from kitfox.app._config_layers import Table, is_table
from kitfox.app._policy import CLUSTER_FIELDS, FIELDS, METHOD_FIELDS, Policy
from kitfox.app._policy_nodes import HashRules
from kitfox.app._policy_replies import reply_of
from kitfox.core import Method

OURS = "kitfox.v1."
"""What keeps a system running: it is everywhere, and limited only by tables that name it."""


@dataclass(frozen=True, slots=True)
class Policies:
    """The policies of a system, by what each table is about. Without any, they are the defaults.

    `texts` lets "5" be a number, as values from the environment are.
    """

    tables: Mapping[str, Table] = field(default_factory=dict[str, Table])
    texts: bool = False

    @classmethod
    def read(cls, table: Mapping[str, object], *, texts: bool = False) -> Self:
        """Read what stands in a file below `[policy]`; durations may be text, as in "1s".

        Raises ConfigError, with the key below `policy`.
        """
        general: Table = {key: value for key, value in table.items() if key in FIELDS}
        named = {name: _named(name, table[name]) for name in table.keys() - FIELDS}
        made = cls({"": general, **named}, texts)
        for name in sorted(made.tables, key=lambda name: (name.count("/"), name)):
            made._check(name)
        return made

    def of(self, service: str, method: str = "") -> Policy:
        """Return what holds for a method, or for a service as a whole."""
        merged: Table = {}
        for name in _names(service, method):
            merged = _laid(merged, self.tables.get(name, {}))
        return convert(merged, Policy, where="", key="", texts=self.texts)

    def scope(self, field: str, method: Method) -> str:
        """Return the most specific name of whose table says something of a field; or ""."""
        names = reversed(tuple(_names(method.service, method.name)))
        return next((name for name in names if field in self.tables.get(name, {})), "")

    def said(self, field: str) -> Mapping[str, object]:
        """Return what each table says of a field, by the tables' names, of those that do."""
        return {name: table[field] for name, table in self.tables.items() if field in table}

    def waiting(self, other: "Policies") -> Iterator[str]:
        """Yield the fields in which others differ, and which clusters that are open keep."""
        for key in sorted(CLUSTER_FIELDS):
            if self.said(key) != other.said(key):
                yield key

    def substitute(self, method: Method, where: str = "") -> object:
        """Make what the `fallback` of a method gives for its reply; None when there is none.

        Raises ConfigError, as `check_methods` does.
        """
        if not (said := self.of(method.service, method.name).fallback):
            return None
        try:
            return reply_of(method, said.value, texts=self.texts)
        except ConfigError as error:
            key = _joined(f"{method.service}/{method.name}", "fallback", error.key)
            raise ConfigError(where, f"policy.{key}", error.problem) from None

    def strangers(self, known: Collection[str]) -> Iterator[ConfigError]:
        """Yield what there is to say of tables about services that are not `known`."""
        for name in sorted(self.tables):
            service = name.partition("/")[0]
            if service and service not in known and not service.startswith(OURS):
                problem = f"nobody here serves or calls {service}{did_you_mean(service, known)}"
                yield ConfigError("", f"policy.{_key_of(name)}", problem)

    def check_methods(self, methods: Iterable[Method], where: str = "") -> None:
        """Raise ConfigError for what does not fit these methods; services not here may be anything.

        That is a method that none of them is, a field of requests that none has, a fallback that is
        no reply. `where` is what the policies were read from.
        """
        known: dict[str, dict[str, Method]] = {}
        for method in methods:
            known.setdefault(method.service, {})[method.name] = method
        for name in self.tables:
            self._check_name(name, known, where)
        for service, its in known.items():
            self._check_key(service, its.values(), where)
            for method in its.values():
                self.substitute(method, where)

    def _check_name(self, name: str, known: Mapping[str, Mapping[str, Method]], where: str) -> None:
        service, _, method = name.partition("/")
        if method and service in known and method not in known[service]:
            problem = f"{service} has no such method{did_you_mean(method, known[service])}"
            raise ConfigError(where, f"policy.{_key_of(name)}", problem)

    def _check_key(self, service: str, methods: Iterable[Method], where: str) -> None:
        """Check that some request of a service has the field that its calls are hashed by."""
        said = self.of(service).balancer
        if not isinstance(said, HashRules) or not said.consistent_hash.startswith("field:"):
            return
        name = said.consistent_hash.removeprefix("field:")
        fields = {field for method in methods for field in fields_of(method.request)}
        if name not in fields and "balancer" in self.tables.get(service, {}):
            problem = f'no request of {service} has a field "{name}"{did_you_mean(name, fields)}'
            key = _joined(service, "balancer", "consistent_hash")
            raise ConfigError(where, f"policy.{key}", problem)

    def _check(self, name: str) -> None:
        service, _, method = name.partition("/")
        _check_places(name, self.tables[name])
        try:
            policy = self.of(service, method)
        except ConfigError as error:
            raise ConfigError("", _joined(name, error.key), error.problem) from None
        for key, said in msgspec.structs.asdict(policy).items():
            _try(name, key, said)


def _key_of(name: str) -> str:
    """Return a name as it is written in the file: with quotes, for it has dots."""
    return f'"{name}"' if name else ""


def _named(name: str, table: object) -> Table:
    service, slash, method = name.partition("/")
    misspelt = "." not in service and service == service.lower()  # services begin with a capital
    if not is_table(table) or misspelt or (slash and not method):
        hint = did_you_mean(name, FIELDS)
        raise ConfigError("", name, f"unknown key, and no service or method{hint}")
    return table


def _check_places(name: str, table: Table) -> None:
    """Check that what is said of a whole service, or of a method alone, is said there."""
    for key in sorted(table):
        if key in CLUSTER_FIELDS and "/" in name:
            problem = f"is of a whole service; say it in {_header(name.partition('/')[0])}"
            raise ConfigError("", _joined(name, key), problem)
        if key in METHOD_FIELDS and "/" not in name:
            problem = f"is of one method; say it in {_header((name or 'a.Service') + '/Method')}"
            raise ConfigError("", _joined(name, key), problem)


def _header(name: str) -> str:
    return f'[policy."{name}"]'


def _names(service: str, method: str) -> Iterator[str]:
    """Yield the names of the tables that hold, the most general one first."""
    yield ""
    if service:
        yield service
    if method:
        yield f"{service}/{method}"


def _laid(below: Table, above: Table) -> Table:
    """Lay one table over another, and the tables in it over those in the other."""
    return below | {key: _over(below.get(key), value) for key, value in above.items()}


def _over(below: object, above: object) -> object:
    return _laid(below, above) if is_table(below) and is_table(above) else above


def _try(name: str, key: str, said: object) -> None:
    """Make what a field describes, for what is only wrong then: a length of nothing, say."""
    make = getattr(said, "made", None)
    if isinstance(said, timedelta) and not said:
        raise ConfigError("", _joined(name, key), "expected more than nothing")
    try:
        if make is not None:
            make()
    except ValueError as error:
        raise ConfigError("", _joined(name, key), str(error)) from None


def _joined(name: str, *keys: str) -> str:
    return ".".join(filter(None, (_key_of(name), *keys)))
