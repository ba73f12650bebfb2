"""Trees of scopes drawn at random, beside a model that is told everything at once."""

import itertools

from hypothesis import settings, strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from kitfox.scope import Deadline, Key, ScopeTimeout, background

KEYS = [Key[int](name) for name in "abc"]
keys = st.sampled_from(KEYS)
lengths = st.integers(0, 5)


class Clock:
    """Time that a rule moves. Timers run when it pleases the rule: a loop may be late."""

    def __init__(self):
        self.time = 0
        self.timers = {}
        self.soon = []
        self._numbers = itertools.count()

    def now(self):
        return self.time

    def call_at(self, when, callback):
        number = next(self._numbers)
        self.timers[number] = when, callback
        return lambda: self.timers.pop(number, None) and None

    def call_soon(self, callback):
        self.soon.append(callback)

    def due(self):
        return sorted((when, number) for number, (when, _) in self.timers.items())

    def run_timers(self):
        for when, number in self.due():
            if when <= self.time and number in self.timers:
                self.timers.pop(number)[1]()

    def turn(self):
        while self.soon:
            self.soon.pop(0)()


class Plain:
    """A scope as the rules are written: whoever ends tells its children at once."""

    def __init__(self, parent=None, at=None, cause=None, values=None):
        self.parent, self.at, self.late_cause = parent, at, cause
        self.values = values or {}
        self.children = []
        self.ended = None
        if parent is not None:
            parent.children.append(self)
            self.ended = parent.ended

    def deadline(self):
        own = [] if self.at is None else [self.at]
        above = None if self.parent is None else self.parent.deadline()
        return min([*own, *([] if above is None else [above])], default=None)

    def end(self, *ended):
        if self.ended is None:
            self.ended = ended
            for child in self.children:
                child.end(*ended)

    def everybody(self):
        yield self
        for child in self.children:
            yield from child.everybody()


class Trees(RuleBasedStateMachine):
    scopes = Bundle("scopes")

    @initialize(target=scopes)
    def begin(self):
        self.clock = Clock()
        self.pairs = []
        self.told, self.expected = [], []
        self.stops = []
        self.top = Plain()
        return self.add(background(self.clock), self.top)

    def add(self, scope, plain):
        self.pairs.append((scope, plain))
        self.pass_deadlines()
        return scope, plain

    @rule(target=scopes, pair=scopes)
    def with_cancel(self, pair):
        scope, plain = pair
        return self.add(scope.with_cancel(), Plain(plain, values=plain.values))

    @rule(target=scopes, pair=scopes, seconds=lengths, told=st.booleans())
    def with_timeout(self, pair, seconds, told):
        scope, plain = pair
        cause = LookupError(len(self.pairs)) if told else None
        at = self.clock.time + seconds
        above = plain.deadline()
        # Go: a parent whose deadline is no later is the one that ends both.
        own = at if above is None or at < above else None
        child = Plain(plain, own, cause, plain.values)
        made = scope.with_deadline(Deadline(at), cause=cause)
        assert made.deadline == Deadline(child.deadline())
        return self.add(made, child)

    @rule(target=scopes, pair=scopes, key=keys, value=st.integers())
    def with_value(self, pair, key, value):
        scope, plain = pair
        child = Plain(plain, values={**plain.values, key: value})
        return self.add(scope.with_value(key, value), child)

    @rule(target=scopes, pair=scopes)
    def without_cancel(self, pair):
        scope, plain = pair
        apart = Plain(values=plain.values)
        return self.add(scope.without_cancel(), apart)

    @rule(pair=scopes, told=st.booleans())
    def cancel(self, pair, told):
        scope, plain = pair
        if not hasattr(scope, "cancel"):
            return
        cause = LookupError("cancelled") if told else None
        scope.cancel(cause)
        plain.end("cancelled", cause)

    @rule(pair=scopes)
    def after_func(self, pair):
        scope, plain = pair
        number = len(self.stops)
        stop = scope.after_func(lambda: self.told.append(number))
        self.stops.append([stop, plain, plain.ended is None])

    @rule(data=st.data())
    def stop(self, data):
        if not self.stops:
            return
        number = data.draw(st.integers(0, len(self.stops) - 1))
        stop, plain, pending = self.stops[number]
        in_time = stop()
        if plain.ended is None:
            assert in_time is (pending is True)
        if in_time:
            self.stops[number][2] = None  # never runs

    @rule(seconds=lengths, late=st.booleans())
    def time_passes(self, seconds, late):
        self.clock.time += seconds
        self.pass_deadlines()
        if not late:
            self.clock.run_timers()

    def pass_deadlines(self):
        """End what is due in the model, the earliest first; of one moment, the outermost."""
        due = [plain for _, plain in self.pairs if plain.at is not None]
        for plain in sorted(due, key=lambda plain: plain.at):
            if plain.at <= self.clock.time:
                plain.end("late", plain.late_cause)

    @invariant()
    def they_agree(self):
        for scope, plain in getattr(self, "pairs", ()):
            if plain.ended is None:
                assert (scope.err, scope.cause) == (None, None)
            else:
                how, cause = plain.ended
                assert isinstance(scope.err, ScopeTimeout) is (how == "late")
                assert scope.cause is cause if cause else isinstance(scope.cause, type(scope.err))
            assert all(scope.value(key) == plain.values.get(key) for key in KEYS)

    def teardown(self):
        """Let all timers run: whoever waits for what has ended is told, once, and nobody else."""
        if not hasattr(self, "pairs"):
            return
        self.clock.run_timers()
        self.clock.turn()
        run = {
            number
            for number, (_, plain, pending) in enumerate(self.stops)
            if plain.ended is not None and pending is not None
        }
        assert sorted(self.told) == sorted(run)
        for stop, *_ in self.stops:
            stop()
        assert self.clock.timers == {}


Trees.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestTrees = Trees.TestCase
