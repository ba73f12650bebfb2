"""What people type for a service or a method: the last part of its name will do. Pure."""

from collections.abc import Iterable

from kitfox.app import did_you_mean
from kitfox.core import NotFound


def find_name(word: str, names: Iterable[str], what: str = "service") -> str:
    """Return the one full name that a word stands for; NotFound when there is none, or several."""
    known = list(names)
    if word in known:
        return word
    matches = [name for name in known if _fold(word) in {_fold(name), _fold(_last(name))}]
    if len(matches) == 1:
        return matches[0]
    problem = f'several of them are called "{word}"' if matches else f'no {what} "{word}"'
    raise NotFound(problem + did_you_mean(word, matches or known))


def split_name(word: str, services: Iterable[str]) -> tuple[str, str]:
    """Take SERVICE or SERVICE.METHOD apart; the method is empty when only a service is named."""
    known = list(services)
    try:
        return find_name(word, known), ""
    except NotFound:
        service, dot, method = word.rpartition(".")
        if not dot:
            raise
    return find_name(service, known), method


def _last(name: str) -> str:
    return name.rpartition(".")[2]


def _fold(name: str) -> str:
    """Let `add_grade` stand for `AddGrade`, as it is called in Python."""
    return name.lower().replace("_", "")
