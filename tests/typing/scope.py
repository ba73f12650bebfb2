"""What users of scopes see in their editors; checked by mypy and pyright, never run.

A line with two ignores is one that both must refuse: each complains about an ignore it needs not.
"""

import asyncio
from collections.abc import Callable
from typing import assert_type

from kitfox.scope import (
    CancelScope,
    Deadline,
    DeadlineScope,
    Key,
    MoveOnScope,
    Scope,
    ScopeEnded,
    ScopeTimeout,
    background,
    current_deadline,
    current_scope,
    deadline_scope,
    fail_after,
    move_on_after,
    tasks,
    to_thread,
)

LIMIT = Key[int]("limit")
NAME = Key[str | None]("name")


async def price(shop: str, *, pieces: int = 1) -> float:
    return len(shop) * pieces


def count(word: str) -> int:
    return len(word)


def values_have_the_types_of_their_keys(scope: Scope) -> None:
    assert_type(scope.with_value(LIMIT, 7), Scope)
    assert_type(scope.value(LIMIT), int | None)
    assert_type(scope.value(LIMIT, 0), int)
    assert_type(scope.value(LIMIT, "none"), int | str)
    assert_type(scope.value(NAME), str | None)
    scope.with_value(NAME, None)
    scope.with_value(LIMIT, "7")  # type: ignore[misc]  # pyright: ignore[reportArgumentType]
    scope.value("limit")  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]


def only_who_makes_a_scope_may_cancel_it(handed_on: Scope) -> None:
    own = background().with_cancel()
    assert_type(own, CancelScope)
    assert_type(own.with_timeout(1.0, cause=LookupError()), CancelScope)
    assert_type(own.with_deadline(Deadline(1.0)), CancelScope)
    own.cancel()
    own.cancel(LookupError())
    handed_on.cancel()  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
    own.without_cancel().cancel()  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
    own.with_value(LIMIT, 7).cancel()  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
    own.cancel("enough")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def an_end_is_an_error_or_none(scope: Scope) -> None:
    assert_type(scope.err, ScopeEnded | None)
    assert_type(scope.cause, BaseException | None)
    assert_type(scope.deadline, Deadline | None)
    assert_type(scope.remaining, float | None)
    late: TimeoutError = ScopeTimeout()
    raise late


async def an_end_is_waited_for(scope: Scope) -> None:
    assert_type(await scope.done, None)
    assert_type(scope.done.wait(1.0), bool)
    assert_type(bool(scope.done), bool)


def what_is_to_run_afterwards_can_be_taken_back(scope: Scope, closed: asyncio.Event) -> None:
    stop = scope.after_func(closed.set)
    assert_type(stop, Callable[[], bool])
    assert_type(stop(), bool)
    scope.after_func(count)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


async def blocks_are_what_they_are_entered_as(own: CancelScope) -> None:
    async with fail_after(1.0) as block:
        assert_type(block, DeadlineScope)
        assert_type(block.fired, bool)
    async with deadline_scope(current_deadline()):
        pass
    async with move_on_after(1.0) as patient:
        assert_type(patient, MoveOnScope)
        found = await price("fox")
        assert_type(found, float)
    count(str(found))  # pyright: ignore[reportPossiblyUnboundVariable] - the block may have moved on
    async with own as entered, current_scope():
        assert_type(entered, CancelScope)
        entered.cancel()
    with own:  # type: ignore[attr-defined]  # pyright: ignore[reportGeneralTypeIssues]
        pass


async def tasks_keep_their_results_and_their_parameters(scope: Scope) -> None:
    async with tasks() as group:
        assert_type(group.start(price, "fox", pieces=2), asyncio.Task[float])
        assert_type(group.start_in_thread(count, "fox"), asyncio.Task[int])
        group.start(price)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
        group.start(price, 7)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        group.start(price, "fox", parts=2)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
        group.start(count, "fox")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    assert_type(await scope.start(price, "fox"), float)
    scope.start(count, "fox")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    assert_type(await to_thread(count, "fox"), int)
    await to_thread(count, 7)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
