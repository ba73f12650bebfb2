"""How an HTTP exchange fails, told by what the caller must know before it tries again."""


class HTTPError(Exception):
    """An exchange that brought no whole reply.

    `sent` says whether the peer may have seen any of the request, `answered` whether any byte of
    the answer came.
    """

    def __init__(self, message: str, *, sent: bool = False, answered: bool = False) -> None:
        super().__init__(message)
        self.sent = sent
        self.answered = answered

    def may_resend(self, *, idempotent: bool) -> bool:
        """Say whether sending once more cannot do the work twice."""
        return not self.sent or (idempotent and not self.answered)


class ConnectFailed(HTTPError):
    """No connection came about: nothing was sent."""


class QueueFull(HTTPError):
    """Too many callers wait for a connection already: nothing was sent."""


class ConnectionBroken(HTTPError):
    """The connection ended before the reply did.

    `stale` says that it had carried requests before and gave this one no answer: most likely the
    peer closed it for its age at the moment of sending.
    """

    def __init__(self, message: str, *, answered: bool, stale: bool) -> None:
        super().__init__(message, sent=True, answered=answered)
        self.stale = stale


class BadReply(HTTPError):
    """What came is not a reply of HTTP/1.1."""

    def __init__(self, message: str) -> None:
        super().__init__(message, sent=True, answered=True)


class ReplyTooLarge(HTTPError):
    """The reply's head or body is over its limit."""

    def __init__(self, message: str) -> None:
        super().__init__(message, sent=True, answered=True)
