"""What `kitfox up` shows, line by line."""

import pytest

from kitfox.cli._screen import Screen, table_lines
from kitfox.supervisor import Row, State

NAMES = ("registry", "portal")


def screen(*, colour: bool = False) -> tuple[Screen, list[str]]:
    shown: list[str] = []
    return Screen(NAMES, write=shown.append, colour=colour, openable=["portal"]), shown


def row(name: str, state: State, **more) -> Row:
    return Row(name=name, state=state, **more)


READY = (
    row("registry", State.READY, pid=11, addresses=("http://127.0.0.1:7700",)),
    row("portal", State.READY, pid=12, addresses=("http://127.0.0.1:5000",), restarts=2),
)


def test_a_line_bears_the_name_of_its_service():
    made, shown = screen()
    made.line("portal", "GET / 200")
    assert shown == ["portal   | GET / 200"]


def test_colours_are_the_same_for_a_name_and_differ_between_names():
    made, shown = screen(colour=True)
    for name in (*NAMES, *NAMES):
        made.line(name, "")
    first, second, again, _ = shown
    assert first == again == "\x1b[36mregistry\x1b[0m | "
    assert second == "\x1b[33mportal  \x1b[0m | "


@pytest.mark.parametrize(
    ("text", "plain", "coloured"),
    [
        ("\x1b[31mred", "red", "\x1b[31mred\x1b[0m"),
        ("a\x1b[2Jb\x1b[3;4Hc", "abc", "abc"),
        ("one\rtwo\x07\x08", "onetwo", "onetwo"),
        ("tab\tand ümlaut", "tab\tand ümlaut", "tab\tand ümlaut"),
    ],
)
def test_what_a_process_writes_moves_no_cursor(text: str, plain: str, coloured: str):
    for colour, expected in ((False, plain), (True, coloured)):
        made, shown = screen(colour=colour)
        made.line("portal", text)
        assert shown[0].partition(" | ")[2] == expected


def test_a_change_of_state_is_one_line_and_the_table_comes_when_all_are_ready():
    made, shown = screen()
    made.changed(row("registry", State.STARTING), READY)
    made.changed(row("registry", State.STARTING, pid=11), READY)
    made.changed(READY[0], READY)
    made.changed(row("portal", State.STARTING), READY)
    assert shown == [
        "kitfox   | registry starting",
        "kitfox   | registry ready: http://127.0.0.1:7700",
        "kitfox   | portal starting",
    ]
    made.changed(READY[1], READY)
    assert shown[3:] == [
        "kitfox   | portal ready: http://127.0.0.1:5000",
        "",
        *table_lines(READY),
        "Open http://127.0.0.1:5000 (portal)",
        "",
    ]


def test_the_table_tells_who_is_where():
    fallen = row("grading", State.BACKING_OFF, status="killed; again in 0.2 s", restarts=1)
    assert table_lines([*READY, fallen]) == [
        "name      state        pid  restarts  address",
        "registry  ready        11   0         http://127.0.0.1:7700",
        "portal    ready        12   2         http://127.0.0.1:5000",
        "grading   backing off  -    1         killed; again in 0.2 s",
    ]


def test_the_table_comes_again_when_somebody_falls_and_when_all_are_up_again():
    made, shown = screen()
    for one in READY:
        made.changed(one, READY)
    del shown[:]
    fallen = row("portal", State.BACKING_OFF, status="killed; again in 0.2 s")
    made.changed(fallen, (READY[0], fallen))
    assert shown[0] == "kitfox   | portal backing off: killed; again in 0.2 s"
    assert shown[2:-1] == table_lines((READY[0], fallen)), "and nothing to open"
    del shown[:]
    made.changed(row("portal", State.STARTING), READY)
    assert shown == ["kitfox   | portal starting"]
    made.changed(READY[1], READY)
    assert table_lines(READY)[0] in shown


def test_the_table_comes_again_at_each_restart_of_who_falls_again_and_again():
    made, shown = screen()
    for one in READY:
        made.changed(one, READY)
    for restarts, wait in enumerate(("0.2", "0.4", "0.8")):
        del shown[:]
        why = f"exit 1; again in {wait} s"
        fallen = row("portal", State.BACKING_OFF, status=why, restarts=restarts)
        made.changed(row("portal", State.STARTING, restarts=restarts), READY)
        made.changed(fallen, (READY[0], fallen))
        assert shown[-2].split() == f"portal backing off - {restarts} {why}".split()


def test_stopping_shows_lines_and_no_table():
    made, shown = screen()
    made.changed(READY[0], READY)
    made.changed(row("registry", State.STOPPING, pid=11), READY)
    made.changed(row("registry", State.STOPPED), READY)
    assert shown[1:] == ["kitfox   | registry stopping", "kitfox   | registry stopped"]


def test_a_process_more_is_shown_and_one_that_has_parted_is_not():
    made, shown = screen()
    for each in READY:
        made.changed(each, READY)
    more = row("portal/2", State.READY, pid=13)
    made.changed(more, (*READY, more))
    assert shown[-6:-2] == table_lines((*READY, more))
    made.changed(row("portal/2", State.STOPPED), READY)
    assert shown[-5:-2] == table_lines(READY)
