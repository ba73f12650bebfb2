"""The pool of connections against a plain model: lists, searched and counted."""

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from kitfox.net._pool import Close, Hand, Pool


class PoolMachine(RuleBasedStateMachine):
    """Callers come, wait, give up and give back; connections age and break."""

    @initialize(places=st.integers(1, 4), max_idle=st.integers(0, 4))
    def begin(self, places, max_idle):
        self.pool: Pool[int, int] = Pool(max_connections=places, max_idle=max_idle)
        self.places, self.max_idle = places, max_idle
        self.now = 0.0
        self.names = iter(range(10**9))
        self.leased: list[int] = []
        self.idle: list[tuple[int, float]] = []  # oldest first
        self.queue: list[int] = []

    @rule(seconds=st.floats(0, 3))
    def time_passes(self, seconds):
        self.now += seconds

    @rule()
    def somebody_asks(self):
        reused = self.pool.take(self.now)
        if self.idle and self.idle[-1][1] > self.now:
            assert reused == self.idle.pop()[0]
            self.leased.append(reused)
            return
        assert reused is None
        self.the_old_are_closed()
        full = len(self.leased) + len(self.idle) == self.places
        assert self.pool.reserve() == (not full)
        if not full:
            self.leased.append(next(self.names))
        elif not self.idle:
            self.queue.append(next(self.names))
            self.pool.wait(self.queue[-1])

    @precondition(lambda self: self.queue)
    @rule(data=st.data())
    def a_waiter_gives_up(self, data):
        waiter = data.draw(st.sampled_from(self.queue))
        self.queue.remove(waiter)
        self.pool.give_up(waiter)
        self.pool.give_up(waiter)

    @precondition(lambda self: self.leased)
    @rule(data=st.data(), keep_alive=st.floats(0, 5))
    def a_connection_is_given_back(self, data, keep_alive):
        connection = data.draw(st.sampled_from(self.leased))
        verdict = self.pool.release(connection, self.now + keep_alive)
        if self.queue:
            assert verdict == Hand(self.queue.pop(0))
            return
        self.leased.remove(connection)
        self.idle.append((connection, self.now + keep_alive))
        if len(self.idle) > self.max_idle:
            assert verdict == Close(self.idle.pop(0)[0])
        else:
            assert verdict is None

    @precondition(lambda self: self.leased)
    @rule(data=st.data())
    def a_leased_connection_breaks(self, data):
        self.leased.remove(data.draw(st.sampled_from(self.leased)))
        verdict = self.pool.vacate()
        if self.queue:
            assert verdict == Hand(self.queue.pop(0))
            self.leased.append(next(self.names))
        else:
            assert verdict is None

    @precondition(lambda self: self.idle)
    @rule(data=st.data())
    def the_peer_closes_an_idle_connection(self, data):
        gone = data.draw(st.sampled_from(self.idle))
        self.idle.remove(gone)
        assert self.pool.remove(gone[0])
        assert not self.pool.remove(gone[0])

    @rule()
    def the_old_are_closed(self):
        over = [connection for connection, until in self.idle if until <= self.now]
        self.idle = [entry for entry in self.idle if entry[1] > self.now]
        assert self.pool.expire(self.now) == over

    @rule()
    def all_idle_are_closed(self):
        assert self.pool.clear_idle() == [connection for connection, _ in self.idle]
        self.idle = []

    @invariant()
    def the_books_agree(self):
        assert self.pool.idle == len(self.idle) <= self.max_idle
        assert self.pool.waiting == len(self.queue)
        assert len(self.leased) + len(self.idle) <= self.places
        assert self.pool.is_empty == (not self.leased and not self.idle)
        assert self.pool.next_expiry() == min((until for _, until in self.idle), default=None)

    @invariant()
    def nobody_waits_while_something_is_free(self):
        if self.queue:
            assert not self.idle
            assert len(self.leased) == self.places


TestPool = PoolMachine.TestCase
