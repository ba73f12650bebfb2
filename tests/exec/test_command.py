"""Running a program to its end."""

import asyncio
import os
import signal

import pytest

from kitfox.exec import (
    DEVNULL,
    PIPE,
    STDOUT,
    Command,
    ExitError,
    HeadAndTail,
    OutputTooLargeError,
    WaitDelayError,
)
from kitfox.scope import fail_after

MEGABYTES = 3_000_000


async def test_a_command_that_ends_well_tells_its_exit():
    end = await Command("true").run()
    assert end.ok
    assert end.pid > 0


async def test_a_command_can_be_run_again():
    command = Command("echo", "again")
    assert await command.output() == await command.output() == b"again\n"


async def test_arguments_reach_the_program_as_they_are():
    assert await Command("printf", "%s|", "$HOME", "a b", "*", "").output() == b"$HOME|a b|*||"


async def test_a_failure_tells_code_and_stderr():
    with pytest.raises(ExitError, match="/bin/bash: ended with code 3: no") as caught:
        await Command.shell("echo some >&2; echo no >&2; exit 3").run()
    assert caught.value.code == 3
    assert caught.value.stderr == b"some\nno\n"


async def test_a_failure_by_a_signal_tells_which():
    with pytest.raises(ExitError, match="SIGKILL") as caught:
        await Command.shell("kill -KILL $$").run()
    assert caught.value.signal == signal.SIGKILL


async def test_of_much_stderr_a_failure_has_the_beginning_and_the_end():
    with pytest.raises(ExitError) as caught:
        await Command.shell("echo first >&2; seq 100000 >&2; echo last >&2; exit 1").run()
    assert caught.value.stderr.startswith(b"first\n1\n")
    assert caught.value.stderr.endswith(b"100000\nlast\n")
    assert b"bytes omitted" in caught.value.stderr
    assert len(caught.value.stderr) < 70_000


async def test_stderr_that_is_sent_elsewhere_is_not_in_the_error():
    with pytest.raises(ExitError) as caught:
        await Command.shell("echo no >&2; exit 1", stderr=DEVNULL).run()
    assert caught.value.stderr == b""


async def test_combined_output_is_in_the_order_it_was_written():
    command = Command.shell("echo 1; echo 2 >&2; echo 3")
    assert await command.combined_output() == b"1\n2\n3\n"


@pytest.mark.parametrize("options", [{"stdout": DEVNULL}, {"stderr": STDOUT}])
async def test_an_output_that_leads_elsewhere_cannot_be_captured(options):
    with pytest.raises(ValueError, match="cannot be captured"):
        await Command("true", **options).combined_output()


async def test_much_goes_in_and_out_at_once():
    data = os.urandom(MEGABYTES)
    heard = HeadAndTail(MEGABYTES, 0)
    async with fail_after(20):
        output = await Command.shell("tee /dev/stderr", stdin=data, stderr=heard).output()
    assert output == data
    assert heard.getvalue() == data


async def test_input_that_is_not_read_is_no_error():
    assert (await Command("true", stdin=b"x" * MEGABYTES).run()).ok


async def test_more_output_than_the_limit_stops_the_command():
    async with fail_after(10):
        with pytest.raises(OutputTooLargeError, match="more than 1000 bytes"):
            await Command("yes", limit=1000).output()


@pytest.fixture
def leash():
    """Give what holds an orphan until the test is over: a descriptor to read a word from."""
    source, target = os.pipe()
    yield source, target
    os.close(target)
    os.close(source)


@pytest.mark.parametrize(("code", "error"), [(0, WaitDelayError), (1, ExitError)])
async def test_a_pipe_held_open_by_an_orphan_does_not_hang_the_command(leash, code, error):
    source, _ = leash
    text = f"read -u {source} word & exit {code}"
    async with fail_after(10):
        with pytest.raises(error, match=r"hold its output open|code 1"):
            await Command.shell(text, pass_fds=[source], wait_delay=0.01).output()


async def test_stderr_that_nobody_asked_for_is_not_waited_for(leash):
    source, _ = leash
    text = f"read -u {source} word & exit 0"
    async with fail_after(10):
        assert (await Command.shell(text, pass_fds=[source], wait_delay=600.0).run()).ok


async def test_what_an_orphan_writes_within_the_delay_is_part_of_the_output(leash):
    source, target = leash
    text = f"echo early; (read -u {source} word; echo $word) & exit 0"
    async with fail_after(10):
        output = asyncio.create_task(
            Command.shell(text, pass_fds=[source], wait_delay=600.0).output()
        )
        os.write(target, b"late\n")
        assert await output == b"early\nlate\n"


@pytest.mark.parametrize("stream", ["stdin", "stdout", "stderr"])
async def test_a_pipe_that_nobody_could_use_is_refused(stream):
    command = Command("true", **{stream: PIPE})
    for alone in (command, Command("true") | command if stream != "stdin" else command):
        with pytest.raises(ValueError, match=f"{stream} of .*PIPE is for `start`"):
            await alone.run()


@pytest.mark.parametrize("seconds", [-1.0, float("nan")])
@pytest.mark.parametrize("option", ["grace", "wait_delay"])
async def test_a_wait_that_would_never_end_or_never_begin_is_refused(option, seconds):
    with pytest.raises(ValueError, match=f"{option}: seconds, 0.0 or more, not {seconds}"):
        await Command("true", **{option: seconds}).run()


async def test_a_wish_that_is_no_signal_is_refused_before_the_start():
    with pytest.raises(ValueError, match="polite: 99 is no signal"):
        await Command("true", polite=99).run()


@pytest.mark.parametrize("option", ["timeout", "shell"])
def test_what_is_no_option_is_refused(option):
    with pytest.raises(TypeError, match=f"a command has no option {option}"):
        Command("true", **{option: 1})
    with pytest.raises(TypeError, match=f"a command has no option {option}"):
        Command("true").with_options(**{option: 1})


@pytest.mark.parametrize("word", [3, None, b"secret"])
def test_what_is_no_argument_is_refused_by_its_position_and_not_shown(word):
    with pytest.raises(TypeError, match="argument 2: a str or a path, not") as caught:
        Command("echo", "x", word)
    assert "secret" not in str(caught.value)


def test_an_argument_that_no_process_can_get_is_refused():
    with pytest.raises(ValueError, match="argument 1 has a NUL in it"):
        Command("echo", "a\0b")


def test_a_command_without_a_name_is_refused():
    with pytest.raises(ValueError, match="the name of a program is empty"):
        Command("")


async def test_a_command_that_was_started_shows_what_it_is_and_how_it_ended():
    async with Command("sleep", "1000").start() as running:
        assert repr(running) == f"<Running sleep: process {running.pid}, running>"
        await running.stop()
    assert repr(running) == f"<Running sleep: process {running.pid}, ended by SIGTERM>"
