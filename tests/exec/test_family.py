"""Who belongs to a command, as read from a table of processes."""

from kitfox.exec._family import Census, Row, Sight, read_stat

ROOT = 100


def row(pid, parent=1, session=1, started=50, state=b"S", *, kernel=False):
    return Row(pid, state, parent, session, started, kernel)


def sight(*rows, known=(), marks=(), unreadable=()):
    asked = []

    def words(pid):
        asked.append(pid)
        return None if pid in unreadable else frozenset({"word"} if pid in marks else ())

    root = row(ROOT, parent=9, session=ROOT, started=20)
    seen = Census((root, *rows), words).family(ROOT, "word", known)
    assert len(asked) == len(set(asked))
    return seen, set(asked)


def family(*rows, **more):
    seen, asked = sight(*rows, **more)
    assert not seen.unsure
    return seen.alive - {ROOT}, asked


def test_a_stat_is_read_whatever_the_program_is_called():
    stat = b"7 (a) R 1 (b) S 5 6 4 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 1 0 999 1 2\n"
    assert read_stat(stat) == Row(7, b"S", 5, 4, 999)
    assert read_stat(stat.replace(b"4194304", b"2129984")).kernel


def test_descendants_belong_in_whatever_session_they_are():
    assert family(row(101, ROOT, 101), row(102, 101, 102), row(103, 1))[0] == {101, 102}


def test_an_orphan_belongs_while_it_is_in_the_session_or_was_known_before():
    assert family(row(101, session=ROOT), row(102, 101), row(103), known={103})[0] == {
        101,
        102,
        103,
    }


def test_an_orphan_with_a_session_of_its_own_belongs_by_its_mark():
    assert family(row(101, session=101), row(102, 101, 101), marks={101})[0] == {101, 102}


def test_those_that_are_older_than_the_command_are_not_asked_for_marks():
    found, asked = family(row(101, started=19), row(102, started=20), marks={101, 102})
    assert (found, asked) == ({102}, {102})


def test_whose_marks_cannot_be_read_just_now_makes_the_look_unsure():
    assert sight(row(101), unreadable={101})[0] == Sight(frozenset({ROOT}), unsure=True)
    assert sight(row(101, ROOT), row(102), unreadable={101})[0] == Sight(frozenset({ROOT, 101}))


def test_neither_the_dead_nor_the_kernels_threads_are_asked_for_marks():
    assert family(row(101, state=b"Z"), row(102, kernel=True)) == (frozenset(), set())


def test_the_dead_do_not_belong_but_their_families_do():
    assert family(row(101, ROOT, state=b"Z"), row(102, 101))[0] == {102}


def test_nobody_belongs_to_a_command_that_is_not_in_the_table():
    assert Census([row(101)], lambda pid: frozenset()).family(ROOT, "word", {7}) == Sight()


def test_a_ring_of_parents_is_walked_once():
    assert family(row(101, 102), row(102, 101), known={101})[0] == {101, 102}
