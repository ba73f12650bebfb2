"""The log store against a list: whatever is stored, sealed, reopened and asked, they agree."""

import shutil
import tempfile
from pathlib import Path

from hypothesis import settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from kitfox.services.logs._entry import Batch, Entry, Stored
from kitfox.services.logs._query import Matcher, Query
from kitfox.services.logs._settings import LogSettings
from kitfox.services.logs._store import Store

SERVICES = ("grading", "portal", "")
SOURCES = ("a", "b")
WORDS = ("", "Quiz", "ÄRGER", "line\nbreak", 'say "quiz"', "\u212aelvin")
TIMES = st.one_of(st.integers(0, 9).map(float), st.floats(0, 9))
LEVELS = st.sampled_from((5, 9, 17))

entries = st.builds(
    Entry,
    time=TIMES,
    level=LEVELS,
    message=st.sampled_from(WORDS),
    service=st.sampled_from(SERVICES),
    trace_id=st.sampled_from(("", "t1")),
    fields=st.dictionaries(
        st.sampled_from("xy"), st.sampled_from([1, "ärger", None, ["Quiz", 7]]), max_size=2
    ),
)
batches = st.builds(
    Batch,
    source=st.sampled_from(SOURCES),
    sequence=st.integers(1, 30),
    entries=st.lists(entries, min_size=1, max_size=8).map(tuple),
)
queries = st.builds(
    Query,
    service=st.sampled_from(SERVICES),
    level=LEVELS,
    text=st.sampled_from(("", "", "quiz", "ärger", "\n", '"q', "null", "kel", ",7")),
    trace_id=st.sampled_from(("", "", "t1")),
    since=st.just(0.0) | TIMES,
    until=st.none() | TIMES,
    limit=st.integers(1, 7),
)


def pages(store, query, steps):
    """Read all pages of a query, each scan broken off as soon as it may be after some steps."""
    cursor = ""
    while True:
        scan = store.scan(Query(**{f: getattr(query, f) for f in BARE}, cursor=cursor))
        opened = 0
        while not scan.done and not (opened >= steps and scan.advanced):
            scan.step()
            opened += 1
        page = scan.page()
        yield from page.entries
        if not page.cursor:
            return
        assert page.cursor != cursor
        cursor = page.cursor


BARE = ("service", "level", "text", "trace_id", "since", "until", "limit")


class StoreAgainstList(RuleBasedStateMachine):
    @initialize(size=st.sampled_from((1024, 4096)))
    def begin(self, size):
        self.folder = Path(tempfile.mkdtemp())
        self.settings = LogSettings(segment_bytes=size)
        self.store = Store(self.folder, self.settings, 0.0)
        self.model: list[Stored] = []
        self.last = dict.fromkeys(SOURCES, 0)

    @rule(group=st.lists(batches, min_size=1, max_size=3))
    def append(self, group):
        self.store.append(group, 0.0)
        for batch in group:
            for number, entry in enumerate(batch.entries, batch.sequence):
                if number > self.last[batch.source]:
                    self.model.append(Stored(len(self.model) + 1, entry))
                    self.last[batch.source] = number

    @rule()
    def housekeep(self):
        self.store.housekeep(0.0)

    @rule()
    def seal(self):
        self.store.housekeep(self.settings.segment_age)

    @rule()
    def reopen(self):
        self.store.close()
        self.store = Store(self.folder, self.settings, 0.0)

    @rule(query=queries, steps=st.integers(1, 5))
    def ask(self, query, steps):
        self.check(query, steps)

    @rule(limit=st.integers(1, 7), steps=st.integers(1, 5))
    def ask_for_all(self, limit, steps):
        self.check(Query(limit=limit), steps)

    def check(self, query, steps):
        matcher = Matcher(query)
        hits = [s for s in self.model if matcher.matches(s.entry)]
        hits.sort(key=lambda s: s.key, reverse=True)
        assert list(pages(self.store, query, steps)) == [s.entry for s in hits]

    @invariant()
    def remembers_every_source(self):
        if hasattr(self, "store"):
            assert {s: self.store.sequence(s) for s in SOURCES} == self.last
            assert self.store.next_id == len(self.model) + 1

    def teardown(self):
        if hasattr(self, "store"):
            self.store.close()
            shutil.rmtree(self.folder)


StoreAgainstList.TestCase.settings = settings(
    max_examples=40, stateful_step_count=20, deadline=None
)
TestStoreAgainstList = StoreAgainstList.TestCase
