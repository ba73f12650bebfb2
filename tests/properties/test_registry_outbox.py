"""An outbox against a dependent that behaves as the original's Go code does, over a bad network."""

from hypothesis import given, strategies as st

from kitfox.registry import OriginalProvider, Patch
from kitfox.services.registry._outbox import Outbox

PROVIDERS = [OriginalProvider("LogService", f"http://localhost:{port}") for port in range(4)]
SETS = st.frozensets(st.sampled_from(PROVIDERS))
FATES = st.sampled_from(["delivered", "unsent", "lost", "unanswered"])


class GoDependent:
    """Appends what is added without looking, and removes one of each that is removed."""

    def __init__(self) -> None:
        self.known: list[OriginalProvider] = []

    def apply(self, patch: Patch) -> None:
        self.known.extend(patch.added or ())
        for provider in patch.removed or ():
            if provider in self.known:
                self.known.remove(provider)


def attempt(outbox: Outbox, dependent: GoDependent, fate: str) -> None:
    patch = outbox.take()
    if fate in {"delivered", "unanswered"}:
        dependent.apply(patch)
    if fate == "delivered":
        outbox.delivered()
    else:
        outbox.failed(0.0, 0.5, sent=fate != "unsent")


@given(SETS, st.lists(st.tuples(SETS, FATES), max_size=30))
def test_a_dependent_converges_without_duplicates_whatever_gets_lost(
    first: frozenset[OriginalProvider], changes: list[tuple[frozenset[OriginalProvider], str]]
):
    outbox, dependent = Outbox(first), GoDependent()
    attempt(outbox, dependent, "delivered")
    for wanted, fate in changes:
        outbox.want(wanted)
        if outbox.due() is not None:
            attempt(outbox, dependent, fate)
        assert len(dependent.known) == len(set(dependent.known))
    while not outbox.settled:
        attempt(outbox, dependent, "delivered")
    assert sorted(dependent.known) == sorted(changes[-1][0] if changes else first)


@given(SETS, SETS, SETS, FATES)
def test_a_dependent_converges_over_a_crash_between_telling_and_noting(
    first: frozenset[OriginalProvider],
    second: frozenset[OriginalProvider],
    third: frozenset[OriginalProvider],
    fate: str,
):
    outbox, dependent = Outbox(first), GoDependent()
    attempt(outbox, dependent, "delivered")
    noted = outbox.told
    outbox.want(second)
    if outbox.due() is not None:
        attempt(outbox, dependent, fate)
    restored = Outbox.restored(second, noted)
    restored.want(third)
    while not restored.settled:
        attempt(restored, dependent, "delivered")
    assert sorted(dependent.known) == sorted(third)
