"""From logging and structlog to entries: nothing is lost on the way, and nothing raised."""

import enum
import logging
import subprocess
import sys
from uuid import UUID

import pytest
import structlog
from hypothesis import given, strategies as st

from kitfox.services.logs import KitfoxHandler, KitfoxProcessor, Outbox
from kitfox.services.logs._plain import MOST_TEXT, plain
from kitfox.services.logs._record import entry_of


@pytest.fixture
def outbox(tmp_path):
    with Outbox(tmp_path, service="grading", instance="g1", clock=lambda: 5.0) as outbox:
        yield outbox


@pytest.fixture
def entries(outbox):
    """Return what reads the entries that went into the outbox."""

    def read():
        assert outbox.flush(5)
        found = []
        while (batch := outbox.first()) is not None:
            found += batch.entries
            outbox.drop_first()
        return found

    return read


@pytest.fixture
def logger(outbox, logger_of):
    return logger_of(KitfoxHandler(outbox, trace_id=lambda: "t1"), "school.grading")


def test_a_record_becomes_an_entry(logger, entries):
    logger.warning("stored %d grades", 3, extra={"student": 7})
    (entry,) = entries()
    assert (entry.message, entry.level, entry.logger) == ("stored 3 grades", 13, "school.grading")
    assert (entry.service, entry.instance, entry.trace_id) == ("grading", "g1", "t1")
    assert entry.fields == {"student": 7}
    assert entry.time > 1_700_000_000


def test_an_exception_is_told_with_its_trace(logger, entries):
    try:
        raise ValueError("no such student")
    except ValueError:
        logger.exception("failed")
    (entry,) = entries()
    assert entry.fields["exception.type"] == "builtins.ValueError"
    assert entry.fields["exception.message"] == "no such student"
    assert entry.fields["exception.stacktrace"].startswith("Traceback")


def test_exc_info_without_an_exception_is_no_field(logger, entries):
    logger.error("calm", exc_info=True)  # noqa: LOG014 - the case under test
    assert entries()[0].fields == {}


def test_arguments_that_do_not_fit_are_shipped_beside_their_format(logger, entries):
    logger.info("stored %d grades", "three")
    assert entries()[0].message == "stored %d grades ['three']"


def test_a_record_that_cannot_be_an_entry_is_told_on_stderr_and_not_raised(
    outbox, logger_of, capsys
):
    logger_of(KitfoxHandler(outbox, trace_id=lambda: 1 / 0)).info("x")
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_what_is_below_the_handlers_level_is_not_shipped(outbox, logger_of, entries):
    logger = logger_of(KitfoxHandler(outbox, level=logging.INFO))
    for n in range(2000):
        logger.info(n)
        logger.debug("quiet")
    assert [entry.message for entry in entries()] == [str(n) for n in range(2000)]


class Colour(enum.StrEnum):
    RED = "red"


class Hostile:
    def __repr__(self):
        raise RuntimeError("no")


class HostileMapping(dict):
    def items(self):
        raise RuntimeError("no")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, None),
        (True, True),
        (3, 3),
        (2**70, str(2**70)),
        ([10**9999], ["<int whose repr raised ValueError>"]),
        (1.5, 1.5),
        (Colour.RED, "red"),
        ("x" * 9000, "x" * (MOST_TEXT - 1) + "…"),
        ("\ud800", "?"),
        (b"\xff", "b'\\xff'"),
        (UUID(int=1), "UUID('00000000-0000-0000-0000-000000000001')"),
        ((1, {2: [3]}), [1, {"2": [3]}]),
        ({1}, [1]),
        ([[[[[1]]]]], [[[["[1]"]]]]),
        (list(range(99)), list(range(64))),
        (Hostile(), "<Hostile whose repr raised RuntimeError>"),
        (HostileMapping(), "{}"),
    ],
)
def test_whatever_is_logged_is_said_as_json_can(value, said):
    assert plain(value) == said


def test_a_value_that_contains_itself_ends():
    loop = []
    loop.append(loop)
    assert plain(loop) == [[[["[[...]]"]]]]


ANY_TEXT = st.text(st.characters(exclude_categories=()))


@given(ANY_TEXT, st.dictionaries(ANY_TEXT, ANY_TEXT | st.binary() | st.integers() | st.floats()))
def test_any_record_makes_an_entry_that_the_service_takes(entry_codec, message, extra):
    record = logging.LogRecord("school", logging.INFO, "x.py", 1, message, (), None)
    vars(record).update({f"x{name}": value for name, value in extra.items()})
    entry_codec(entry_of(record, "s", "i", "t"))


@pytest.fixture(scope="module")
def entry_codec():
    import msgspec

    from kitfox.services.logs import Entry

    return lambda entry: msgspec.json.decode(msgspec.json.encode(entry), type=Entry)


@pytest.fixture
def events(outbox):
    processor = KitfoxProcessor(outbox, trace_id=lambda: "t1", clock=lambda: 6.0)
    chain = [structlog.stdlib.add_log_level, processor, structlog.processors.KeyValueRenderer()]
    return structlog.wrap_logger(structlog.ReturnLogger(), chain)


def test_structlog_ships_an_event_and_hands_it_on(events, entries):
    assert "student=7" in events.warning("stored", student=7)
    (entry,) = entries()
    assert (entry.message, entry.level, entry.trace_id, entry.time) == ("stored", 13, "t1", 6.0)
    assert entry.fields == {"student": 7}


@pytest.mark.parametrize("how", [True, ValueError("no"), (ValueError, ValueError("no"), None)])
def test_structlog_ships_an_exception_however_it_is_given(events, entries, how):
    try:
        raise ValueError("no")
    except ValueError:
        events.error("failed", exc_info=how)
    assert entries()[0].fields["exception.message"] == "no"


def test_structlog_ships_an_exception_that_is_rendered_already(events, entries):
    events.error("failed", exception="Traceback …")
    assert entries()[0].fields == {"exception.stacktrace": "Traceback …"}


AT_EXIT = """
import logging, sys
from pathlib import Path
from kitfox.services.logs import KitfoxHandler, Outbox
logging.getLogger().addHandler(KitfoxHandler(Outbox(Path(sys.argv[1]), service="grading")))
logging.warning("last words")
"""


def test_the_last_words_of_a_process_are_spooled(tmp_path):
    subprocess.run([sys.executable, "-c", AT_EXIT, tmp_path], check=True)
    with Outbox(tmp_path, service="grading") as outbox:
        assert outbox.first().entries[0].message == "last words"
