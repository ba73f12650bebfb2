"""Commands that have a terminal of their own."""

import pytest

from kitfox.exec import DEVNULL, INHERIT, PIPE, STDOUT, Command, ExitError, Terminal
from kitfox.scope import fail_after


async def test_all_three_streams_are_a_terminal_of_the_size_that_was_said():
    command = Command.shell("tty && stty size && test -t 1 -a -t 2", terminal=Terminal(30, 99))
    async with fail_after(10):
        output = await command.output()
    assert output.startswith(b"/dev/")
    assert output.endswith(b"\r\n30 99\r\n")


async def test_it_is_the_terminal_of_the_session_and_typing_ctrl_c_interrupts():
    text = "trap 'exit 6' INT; echo ready > /dev/tty; while :; do sleep 0.01; done"
    command = Command.shell(text, terminal=Terminal(), stdin=PIPE, stdout=PIPE)
    async with fail_after(10), command.start() as running:
        assert await running.stdout.readline() == b"ready\r\n"
        await running.stdin.write(b"\x03")
        with pytest.raises(ExitError, match="code 6"):
            await running.wait()


async def test_what_is_typed_ends_as_a_file_does():
    async with fail_after(10):
        output = await Command("cat", terminal=Terminal(), stdin=b"typed\n").output()
    assert output.count(b"typed\r\n") == 2  # its echo, and what cat read


async def test_nothing_is_typed_by_default_and_that_is_the_end_of_input():
    async with fail_after(10):
        assert (await Command("cat", terminal=Terminal()).run()).ok


async def test_a_program_is_told_of_a_new_size():
    text = "trap 'stty size; exit' WINCH; echo ready; while :; do sleep 0.01; done"
    command = Command.shell(text, terminal=Terminal(), stdout=PIPE)
    async with fail_after(10), command.start() as running:
        assert await running.stdout.readline() == b"ready\r\n"
        running.resize(10, 20)
        assert [line async for line in running.lines()] == ["10 20"]
    with pytest.raises(ValueError, match="no terminal"):
        running.resize(10, 20)


async def test_output_that_nobody_wants_does_not_hold_the_command_up():
    async with fail_after(10):
        assert (await Command("seq", "100000", terminal=Terminal()).run()).ok
        assert (await Command("seq", "10", terminal=Terminal(), stdout=DEVNULL).run()).ok


async def test_the_end_of_a_terminal_stops_what_runs_there():
    async with fail_after(10):
        async with Command("sleep", "1000", terminal=Terminal()).start() as running:
            pass
        assert not running.exit.ok


@pytest.mark.parametrize("options", [{"stdin": INHERIT}, {"stdout": 1}, {"stderr": STDOUT}])
async def test_a_stream_that_leads_elsewhere_is_refused(options):
    with pytest.raises(ValueError, match="a terminal"):
        await Command("true", terminal=Terminal(), **options).run()


async def test_a_program_behind_a_prelude_has_its_name_its_signals_and_its_errors(tmp_path):
    script = tmp_path / "broken"
    script.write_bytes(b"\x7fELF nonsense")
    script.chmod(0o755)
    async with fail_after(20):
        assert await Command("bash", "-c", "echo $0", contain=True).output() == b"bash\n"
        with pytest.raises(ExitError) as caught:  # Python ignores SIGPIPE; programs must not
            await Command.shell("kill -PIPE $$", contain=True).run()
        assert caught.value.exit.broken_pipe
        with pytest.raises(ExitError, match=r"code 126: .*Exec format error"):
            await Command(script, contain=True).run()
