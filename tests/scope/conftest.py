"""A clock that a test moves, for trees of scopes without a loop."""

import heapq
import itertools

import pytest


class HandClock:
    """Time passes by `pass_`; what is to run soon runs then, too, or by `turn`."""

    def __init__(self):
        self.time = 0.0
        self._timers = []
        self._order = itertools.count()
        self._soon = []

    def now(self):
        return self.time

    def call_at(self, when, callback):
        timer = [when, next(self._order), callback]
        heapq.heappush(self._timers, timer)

        def stop():
            timer[2] = None

        return stop

    def call_soon(self, callback):
        self._soon.append(callback)

    def turn(self):
        while self._soon:
            self._soon.pop(0)()

    def pass_(self, seconds):
        """Let time pass, from timer to timer."""
        end = self.time + seconds
        while self._timers and self._timers[0][0] <= end:
            self.time, _, callback = heapq.heappop(self._timers)
            if callback is not None:
                callback()
            self.turn()
        self.time = end

    @property
    def timers(self):
        """How many timers are set."""
        return sum(callback is not None for _, _, callback in self._timers)


@pytest.fixture
def clock():
    return HandClock()


@pytest.fixture
def make_clock():
    return HandClock
