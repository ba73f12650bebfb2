"""Asking the processes of a system for their breakers, and switching those."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Generic, NamedTuple, TypeVar

from kitfox.app import BreakerStatus, Control
from kitfox.cli._ask import connected, directory_at, this_system
from kitfox.cli._directory import callable_here
from kitfox.cli._exit import Exit, Failed, explained
from kitfox.cli._names import find_name
from kitfox.cli._options import Where
from kitfox.core import Through, Unavailable, Unimplemented
from kitfox.registry import Instance, bearer
from kitfox.scope import Deadline, current_deadline, deadline_scope

T = TypeVar("T")

_AT_ONCE = 32  # instances
_SHARE = 0.6  # of the time left, so that some is left when one does not answer

Question = Callable[[Control], Awaitable[T]]
Switch = Callable[[Control, str], Awaitable[BreakerStatus]]

_SWITCHES: Mapping[str, Switch] = {
    "open": lambda control, name: control.open_breaker(name),
    "close": lambda control, name: control.close_breaker(name),
    "reset": lambda control, name: control.reset_breaker(name),
}


class Answers(NamedTuple, Generic[T]):
    """What instances answered, by their ids, and why others did not."""

    given: Mapping[str, T]
    failed: Mapping[str, Failed]


class Switched(NamedTuple):
    """A breaker by its full name, what those that have it answered, and who could not be asked."""

    name: str
    answers: Answers[BreakerStatus]
    silent: Mapping[str, Failed]


async def breakers(word: str, where: Where) -> Answers[tuple[BreakerStatus, ...]]:
    """Ask the instances that a word stands for, or all, for their breakers.

    Raises NotFound, and Failed when none of them answers.
    """
    return await _each(await _instances(word, where), lambda control: control.breakers())


async def switched(name: str, verb: str, at: str, where: Where) -> Switched:
    """Open, close or reset a breaker wherever it is; the last part of its name will do.

    Raises as `breakers` does.
    """
    switch = _SWITCHES[verb]
    instances = await _instances(at, where)
    found, silent = await _each(instances, lambda control: control.breakers())
    names = {one: {each.name for each in statuses} for one, statuses in found.items()}
    full = find_name(name, sorted(set[str]().union(*names.values())), "breaker")
    having = [each for each in instances if full in names.get(each.id, ())]
    return Switched(full, await _each(having, lambda control: switch(control, full)), silent)


async def _instances(word: str, where: Where) -> tuple[Instance, ...]:
    if where.address and word:
        raise Failed(f"expected {word} or --address, not both", Exit.USAGE)
    if where.address:
        return (Instance("", where.address, (where.address,)),)
    async with directory_at(where) as known:
        return await known.running(word)


async def _each(instances: Iterable[Instance], question: Question[T]) -> Answers[T]:
    """Put a question to each instance; those that take too long have failed."""
    given: dict[str, T] = {}
    failed: dict[str, Failed] = {}
    limit, turns = _limit(), asyncio.Semaphore(_AT_ONCE)

    async def ask(instance: Instance) -> None:
        try:
            async with deadline_scope(limit), turns:
                given[instance.id] = await _ask(instance, question)
        except Exception as error:
            if (why := explained(error)) is None:
                raise
            failed[instance.id] = why

    await asyncio.gather(*map(ask, instances))
    if failed and not given:
        raise _nobody(failed)
    return Answers(given, failed)


def _limit() -> Deadline | None:
    """Return until when there is an answer to be had, of the time in force."""
    if (whole := current_deadline()) is None:
        return None
    return Deadline.after(_SHARE * whole.remaining())


async def _ask(instance: Instance, question: Question[T]) -> T:
    if not (places := callable_here(instance.addresses)):
        raise Unavailable(f"it is only at {' '.join(instance.addresses) or 'no address'}")
    async with connected(places[0]) as connection:
        shown = Through(connection, bearer(this_system().token))  # some wires show it once, unseen
        try:
            return await question(Control.client(shown))
        except Unimplemented:
            raise Unimplemented("it does not let itself be controlled") from None


def _nobody(failed: Mapping[str, Failed]) -> Failed:
    """Return why there is no answer; the code is that of whoever comes first."""
    lines = [f"{instance}: {failed[instance]}" for instance in sorted(failed)]
    code = failed[min(failed)].code
    return Failed("\n  ".join(["no instance answered", *lines]), code)
