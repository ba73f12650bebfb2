"""Where the three streams of a command may lead."""

import asyncio
import gc
import io
import os
import subprocess
import sys

import pytest

from kitfox.exec import (
    PIPE,
    STDOUT,
    Command,
    ExitError,
    LineTooLongError,
    OutputTooLargeError,
    Terminal,
    WaitDelayError,
)
from kitfox.scope import fail_after


async def test_stdin_is_empty_by_default():
    assert await Command("cat").output() == b""


async def test_a_file_is_read_and_written_by_the_program_itself(tmp_path):
    (tmp_path / "in").write_text("words")
    with (tmp_path / "in").open() as source, (tmp_path / "out").open("wb") as target:
        await Command("cat", stdin=source, stdout=target.fileno(), stderr=target).run()
    assert (tmp_path / "out").read_text() == "words"


async def test_stdin_may_be_an_asynchronous_iterator():
    async def words():
        for word in (b"one ", b"two ", b"x" * 200_000):
            await asyncio.sleep(0)
            yield word

    assert await Command("wc", "-c", stdin=words()).output() == b"200008\n"


async def test_what_the_source_of_stdin_raises_stops_the_command():
    async def words():
        yield b"one"
        raise LookupError("no more words")

    async with fail_after(10):
        with pytest.raises(LookupError, match="no more words"):
            await Command.shell("sleep 1000", stdin=words()).run()


async def test_a_source_that_is_not_wanted_any_more_is_ended():
    ended = asyncio.Event()

    async def words():
        try:
            while True:
                yield b"x" * 100_000
        finally:
            ended.set()

    source = words()
    assert await Command("head", "-c", "3", stdin=source).output() == b"xxx"
    await source.aclose()
    assert ended.is_set()


async def test_an_output_goes_into_anything_that_has_write():
    sink = io.BytesIO()
    await Command.shell("echo out; echo err >&2", stdout=sink, stderr=sink).run()
    assert sink.getvalue() == b"out\nerr\n"


async def test_what_a_sink_raises_stops_the_command():
    class Full:
        def write(self, data):
            raise OSError(f"no room for {data!r}")

    async with fail_after(10):
        with pytest.raises(OSError, match="no room for b'1"):
            await Command.shell("echo 1; sleep 1000", stdout=Full()).run()


@pytest.mark.parametrize(
    ("stream", "wrong", "kind"),
    [
        ("stdin", "secret", "str"),
        ("stdout", object(), "object"),
        ("stdout", STDOUT, "STDOUT"),
        ("stderr", "secret", "str"),
    ],
)
async def test_what_is_no_place_for_a_stream_is_refused_and_not_shown(stream, wrong, kind):
    with pytest.raises(TypeError, match=f"^{stream}: .*, not {kind}$"):
        await Command("true", **{stream: wrong}).run()


@pytest.mark.parametrize("fd", [-1, 999_999, 2**40])
@pytest.mark.parametrize("stream", ["stdin", "stdout", "stderr"])
async def test_a_number_that_no_open_descriptor_has_is_refused(stream, fd):
    with pytest.raises(ValueError, match=f"{stream}: {fd} is no open file descriptor"):
        await Command("true", **{stream: fd}).run()
    with pytest.raises(ValueError, match=f"pass_fds: {fd} is no open file descriptor"):
        await Command("true", pass_fds=[0, fd]).run()


async def test_a_conversation_is_held_over_pipes():
    async with fail_after(10), Command("cat", stdin=PIPE, stdout=PIPE).start() as cat:
        await cat.stdin.write(b"hello\nwor")
        assert await cat.stdout.readline() == b"hello\n"
        assert await cat.stdout.read() == b"wor"
        await cat.stdin.aclose()
        assert await cat.stdout.read() == b""
        assert (await cat.wait()).ok


async def test_stderr_has_a_pipe_of_its_own():
    async with Command.shell("echo no >&2", stderr=PIPE).start() as running:
        assert await running.stderr.read_all() == b"no\n"


async def test_a_stream_that_is_no_pipe_says_how_to_make_it_one():
    async with Command("true").start() as running:
        for name in ("stdin", "stdout", "stderr"):
            with pytest.raises(ValueError, match=f"{name}=PIPE"):
                getattr(running, name)


async def test_lines_come_as_they_are_written_and_then_the_end():
    lines = []
    async with (
        fail_after(10),
        Command.shell(
            r"echo one; read; printf 'two\r\n\nthr\xffee'; exit 4", stdin=PIPE, stdout=PIPE
        ).start() as running,
    ):
        with pytest.raises(ExitError, match="code 4"):
            async for line in running.lines():
                lines.append(line)
                if line == "one":
                    await running.stdin.write(b"\n")
    assert lines == ["one", "two", "", "thr�ee"]


async def test_a_line_that_is_too_long_is_refused_and_can_be_read_otherwise():
    async with Command("printf", "ok\\n%0200d\\n", "7", stdout=PIPE).start() as running:
        lines = running.stdout.lines(limit=100)
        assert await anext(lines) == "ok"
        with pytest.raises(LineTooLongError, match="longer than 100 bytes"):
            await anext(lines)
        assert await running.stdout.read_all() == b"%0200d\n" % 7


async def test_a_line_of_just_the_limit_is_well():
    async with Command("printf", "12345\\n123456", stdout=PIPE).start() as running:
        assert await running.stdout.readline(limit=5) == b"12345\n"
        with pytest.raises(LineTooLongError):
            await running.stdout.readline(limit=5)


async def test_read_all_has_a_limit():
    async with Command("yes", stdout=PIPE).start() as running:
        with pytest.raises(OutputTooLargeError):
            await running.stdout.read_all(limit=10)


async def test_output_can_be_read_after_the_end():
    running = await Command("echo", "kept", stdout=PIPE).start()
    await running.wait()
    assert await running.stdout.read_all() == b"kept\n"
    await running.aclose()


async def test_a_slow_reader_holds_the_command_up():
    async with fail_after(10), Command("yes", stdin=PIPE, stdout=PIPE).start() as yes:
        assert await yes.stdout.read(2) == b"y\n"
        assert yes.exit is None


async def test_only_one_task_waits_for_a_pipe_and_closing_it_wakes_that_task():
    async with fail_after(10), Command("sleep", "1000", stdout=PIPE).start() as running:
        reading = asyncio.create_task(running.stdout.read())
        await asyncio.sleep(0)
        with pytest.raises(RuntimeError, match="another task"):
            await running.stdout.read()
        async with running.stdout:
            assert not running.stdout.closed
        with pytest.raises(ValueError, match="the pipe is closed"):
            await reading


async def test_writing_to_a_command_that_has_ended_fails():
    async with Command("true", stdin=PIPE).start() as running:
        await running.wait()
        with pytest.raises(BrokenPipeError):
            await running.stdin.write(b"too late")


async def test_descriptors_are_passed_under_their_numbers():
    source, target = os.pipe()
    try:
        await Command.shell(f"echo passed >&{target}", pass_fds=[target]).run()
        assert os.read(source, 100) == b"passed\n"
    finally:
        os.close(source)
        os.close(target)


def test_streams_that_are_inherited_are_ours():
    code = (
        "import asyncio; from kitfox.exec import *; asyncio.run("
        "Command.shell('cat; echo err >&2', stdin=INHERIT, stdout=INHERIT, stderr=INHERIT).run())"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], input=b"in\n", capture_output=True, timeout=60, check=True
    )
    assert (ran.stdout, ran.stderr) == (b"in\n", b"err\n")


async def test_a_pipe_that_is_forgotten_warns_and_is_closed():
    running = await Command("true", stdout=PIPE).start()
    await running.wait()
    del running
    with pytest.warns(ResourceWarning, match="unclosed pipe"):
        gc.collect()


async def test_a_reader_is_not_held_for_ever_by_an_orphan():
    source, target = os.pipe()
    text = f"echo mine; read -u {source} word & exit 0"
    command = Command.shell(text, pass_fds=[source], stdout=PIPE, wait_delay=0.01)
    lines = []
    try:
        async with fail_after(10), command.start() as running:
            with pytest.raises(WaitDelayError):
                async for line in running.lines():
                    lines.append(line)
    finally:
        os.close(target)
        os.close(source)
    assert lines == ["mine"]


async def test_a_command_that_is_only_waited_for_leaves_nothing_open():
    async def words():
        yield b"word"

    await (await Command("true", stdin=words()).start()).wait()
    await (await Command("true", terminal=Terminal(), stdin=b"word").start()).wait()
    gc.collect()
