"""Where things are said. A caller and a server have an inbox each; a call has a number.

`acme.v1.Users.Get`            a request, to any one instance (queue group `acme.v1.Users`)
`$KITFOX.CANCEL.acme.v1.Users` to all of them: this call's caller has given up
`<inbox>.<call>`               to a caller: the last word about a call
`<inbox>.<call>.<word>`        what else is said about a call, to either side
`<inbox>.<word>`               what is said about none in particular

A server has a place, `<its inbox>.<number>`, for each of its callers, and tells it in the reply
subject of whatever it says; `<place>.<call>.<word>` is then said to the one that has the call.
"""

from typing import Final, NamedTuple

BEGUN: Final = "begun"
ITEM: Final = "item"
END: Final = "end"
CREDIT: Final = "credit"
CANCEL: Final = "cancel"
REFUSED: Final = "refused"
RUNNING: Final = "running"
HERE: Final = "here"


class Spoken(NamedTuple):
    """What a subject below an inbox says: about which call, which word, which one of a stream.

    A call of 0 is none in particular; no word is the last word.
    """

    call: int
    word: str = ""
    position: int = 0


def subject_of(path: str) -> str:
    """Return where requests to a method go: `/acme.v1.Users/Get` is `acme.v1.Users.Get`."""
    return path[1:].replace("/", ".")


def path_of(subject: str) -> str:
    """Return the path of the method to which requests at `subject` go."""
    service, _, method = subject.rpartition(".")
    return f"/{service}/{method}"


def service_of(path: str) -> str:
    """Return the service that a method's path names."""
    return path[1:].partition("/")[0]


def cancel_subject(service: str) -> str:
    """Return where all instances of a service hear of calls whose callers have given up."""
    return f"$KITFOX.CANCEL.{service}"


def spoken(tail: str) -> Spoken | None:
    """Read the end of a subject, after an inbox or a place; None for what says nothing."""
    first, *rest = tail.split(".")
    if not is_number(first):
        return None if rest else Spoken(0, first)
    if not rest:
        return Spoken(int(first))
    if len(rest) == 1:
        return Spoken(int(first), rest[0])
    if len(rest) == 2 and is_number(rest[1]):
        return Spoken(int(first), rest[0], int(rest[1]))
    return None


def is_number(token: str) -> bool:
    """Whether a token is a number that anybody would count to."""
    return token.isascii() and token.isdecimal() and len(token) <= 18
