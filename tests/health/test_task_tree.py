"""What the pages for debugging show of tasks and threads."""

import asyncio
import threading

from kitfox import fail_after
from kitfox.health._stacks import thread_stacks
from kitfox.health._task_tree import task_tree, tree
from kitfox.scope import tasks


def page(**more):
    loop = asyncio.get_running_loop()
    return task_tree(loop, now=loop.time(), **more)


async def waiting(event):
    await event.wait()


async def awaiting(task):
    await task


def line_of(name, text):
    (line,) = [line for line in text.splitlines() if line.lstrip().startswith(f"{name} ")]
    return line


def indent(text, name):
    line = line_of(name, text)
    return len(line) - len(line.lstrip())


async def test_a_task_stands_below_the_one_that_awaits_it():
    event = asyncio.Event()
    inner = asyncio.create_task(waiting(event), name="a-inner")
    outer = asyncio.create_task(awaiting(inner), name="b-outer")
    await asyncio.sleep(0)
    shown = page()
    event.set()
    await outer
    assert indent(shown, "b-outer") == 0
    assert indent(shown, "a-inner") == 2
    assert "a-inner waiting: waits at " in shown
    assert "in waiting" in shown


async def test_so_do_those_that_are_gathered_and_those_of_a_group():
    event = asyncio.Event()

    async def gathering():
        await asyncio.gather(waiting(event), asyncio.create_task(waiting(event), name="gathered"))

    async def grouping():
        async with tasks() as group:
            group.start(waiting, event).set_name("grouped")

    both = [asyncio.create_task(each(), name=each.__name__) for each in (gathering, grouping)]
    for _ in range(3):
        await asyncio.sleep(0)
    shown = page()
    event.set()
    async with fail_after(5):
        await asyncio.gather(*both)
    assert indent(shown, "gathering") == indent(shown, "grouping") == 0
    assert indent(shown, "gathered") == indent(shown, "grouped") == 2


async def test_the_time_that_a_task_has_left_is_shown():
    event = asyncio.Event()

    async def hurried():
        async with fail_after(1000):
            await event.wait()

    hurry = asyncio.create_task(hurried(), name="hurry")
    free = asyncio.create_task(waiting(event), name="free")
    await asyncio.sleep(0)
    shown = page()
    event.set()
    await asyncio.gather(hurry, free)
    assert " s left" in line_of("hurry", shown)
    assert " s left" not in line_of("free", shown)


async def test_a_task_that_has_outlived_its_scope_is_shown_as_such():
    event = asyncio.Event()
    async with fail_after(1000):
        outlives = asyncio.create_task(waiting(event), name="outlives")
        await asyncio.sleep(0)
        within = page()
    after = page()
    event.set()
    await outlives
    assert " s left" in line_of("outlives", within)
    assert line_of("outlives", after).endswith(", its scope is over")


async def test_verbose_shows_all_that_a_task_awaits_in():
    event = asyncio.Event()

    async def below():
        await waiting(event)

    task = asyncio.create_task(below(), name="deep")
    await asyncio.sleep(0)
    shown = page(verbose=True)
    event.set()
    await task
    lines = shown.partition("deep ")[2].splitlines()[1:4]
    assert [line.rsplit(" in ", 1)[1] for line in lines] == ["below", "waiting", "wait"]


async def test_the_running_task_runs_and_it_can_be_looked_at_from_another_thread():
    loop, event = asyncio.get_running_loop(), asyncio.Event()
    other = asyncio.create_task(waiting(event), name="other")
    await asyncio.sleep(0)
    shown = await asyncio.to_thread(lambda: task_tree(loop, now=0.0))
    event.set()
    await other
    assert "other waiting: waits at" in shown
    assert ": runs" in page()


def test_tasks_that_wait_for_each_other_in_a_circle_are_shown_all_the_same():
    circle = {"a": ["b"], "b": ["c"], "c": ["b"], "d": ["d"]}
    assert list(tree("abcd", circle)) == [(0, "a"), (1, "b"), (2, "c"), (0, "d")]


def test_a_long_chain_is_no_deeper_than_the_stack_of_python():
    chain = {number: [number + 1] for number in range(5000)}
    assert list(tree(range(5001), chain))[-1] == (5000, 5000)


def test_all_threads_are_shown_with_their_names():
    begun, end = threading.Event(), threading.Event()

    def stand_still():
        begun.set()
        end.wait(10)

    thread = threading.Thread(target=stand_still, name="the-still-one")
    thread.start()
    begun.wait(10)
    shown = thread_stacks()
    end.set()
    thread.join()
    assert "thread the-still-one (" in shown
    assert "in stand_still" in shown
    assert "thread MainThread (" in shown
