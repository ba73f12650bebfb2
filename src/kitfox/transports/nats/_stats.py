"""What NATS's service framework wants to know of a method: how often, how long, how badly."""

from collections.abc import Callable

from kitfox.core import Call, Endpoint, Method

Clock = Callable[[], float]


class Stats:
    """The calls of one method since the listener started."""

    def __init__(self, method: Method) -> None:
        self.method = method
        self.calls = 0
        self.errors = 0
        self.last_error = ""
        self.seconds = 0.0

    def counting(self, endpoint: Endpoint, clock: Clock) -> Endpoint:
        """Return `endpoint`, with its calls counted; `clock` gives seconds."""

        async def counted(call: Call, message: object) -> object:
            began = clock()
            self.calls += 1
            try:
                return await endpoint(call, message)
            except Exception as error:
                self.errors += 1
                self.last_error = str(error)
                raise
            finally:
                self.seconds += clock() - began

        return counted
