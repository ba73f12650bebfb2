"""The original protocol, spoken on the registry's own port.

What its services do is what they always did: POST a registration, take patches, answer heartbeats,
DELETE their URL. They appear to kitfox services as instances, and kitfox's instances appear to them
as providers. Every URL that they name must be their own (see `Gate`).
"""

import logging

from kitfox.core import InvalidArgument, NotFound, PermissionDenied, RPCError
from kitfox.registry import Background, Instance, OriginalProvider, OriginalRegistration, same_host
from kitfox.services.registry._book import Book, Clock
from kitfox.services.registry._courier import Caller, Courier
from kitfox.services.registry._gate import Gate
from kitfox.services.registry._heart import Heart, Rhythm, Verdict
from kitfox.services.registry._member import Member, instance_of
from kitfox.services.registry._outbox import Outbox
from kitfox.services.registry._store import SavedOriginal, drop_original, put_original

MOST_REQUIRED = 64
_OWNER = b"original"  # no hash of a secret is that short

_log = logging.getLogger("kitfox.registry")


class Originals:
    """The members of the original kind, and whom to tell of whom."""

    def __init__(
        self,
        book: Book,
        gate: Gate,
        background: Background,
        caller: Caller,
        *,
        rhythm: Rhythm,
        draw: Clock,
    ) -> None:
        self._book = book
        self._gate = gate
        self._background = background
        self._caller = caller
        self._rhythm = rhythm
        self._draw = draw
        self._members: dict[str, Member] = {}
        self._dependents: dict[str, set[Member]] = {}
        self._providers: dict[str, frozenset[OriginalProvider]] = {}
        book.on_change(self._changed)

    def wake(self, originals: list[SavedOriginal]) -> None:
        """Take the members of the last run back in."""
        for saved in originals:
            if not saved.missing:
                self._list(instance_of(saved.registration))
        for saved in originals:
            wanted = self._wanted(saved.registration.required_services)
            outbox = Outbox.restored(wanted, saved.told)
            self._admit(self._member(saved, outbox))

    async def register(self, registration: OriginalRegistration, peer: str) -> None:
        """Take a service in, after it was told of its providers.

        Raises Undelivered, and then nothing is kept; InvalidArgument, PermissionDenied,
        AlreadyExists, ResourceExhausted.
        """
        self._check(registration, peer)
        outbox = Outbox(self._wanted(registration.required_services))
        saved = SavedOriginal(registration, peer, frozenset(), missing=False)
        member = self._member(saved, outbox)
        if registration.required_services:
            await member.courier.introduce()
            self._check(registration, peer)  # time has passed
        self._replace(member)
        await self._book.journal.commit(put_original(member.saved))

    async def deregister(self, url: str, peer: str) -> None:
        """Remove the service at a URL. Raises NotFound and PermissionDenied."""
        member = self._members.get(url)
        if member is None:
            raise NotFound(f"no service has the URL {url[:200]}")
        self._check_owner(member, peer)
        self._dismiss(member)
        self._book.unlist_original(member.instance)
        await self._book.journal.commit(drop_original(url))

    def providers(self) -> list[OriginalProvider]:
        """List everything that a service of the original kind could require."""
        return sorted(
            provider for info in self._book.services() for provider in self._providers_of(info.name)
        )

    def _check(self, registration: OriginalRegistration, peer: str) -> None:
        self._check_urls(registration, peer)
        required = registration.required_services
        size = self._book.limits.name_size
        if len(required) > MOST_REQUIRED or any(len(name) > size for name in required):
            raise InvalidArgument(
                f"RequiredServices: expected at most {MOST_REQUIRED} names of {size} characters"
            )
        if member := self._members.get(registration.service_url):
            self._check_owner(member, peer)
        self._book.check(instance_of(registration), owner=_OWNER)

    def _check_urls(self, registration: OriginalRegistration, peer: str) -> None:
        self._gate.check_url("ServiceURL", registration.service_url, peer)
        if registration.required_services or registration.update_url:
            self._gate.check_url("ServiceUpdateURL", registration.update_url, peer)
        if registration.heartbeat_url:
            self._gate.check_url("HeartbeatURL", registration.heartbeat_url, peer)

    def _check_owner(self, member: Member, peer: str) -> None:
        if not same_host(member.peer, peer):
            raise PermissionDenied(f"{member.url} was registered from another address")

    def _replace(self, member: Member) -> None:
        """Admit a member in the place of the one with its URL, if there is one."""
        if former := self._members.get(member.url):
            self._dismiss(former)
            if former.registration.service_name != member.registration.service_name:
                self._book.unlist_original(former.instance)
        self._admit(member)
        self._book.list_original(member.instance, owner=_OWNER)

    def _member(self, saved: SavedOriginal, outbox: Outbox) -> Member:
        """Return a member whose first heartbeat is asked for at a moment of its own."""
        now, phase = self._book.clock(), 0.5 + self._draw() / 2
        heart = Heart(self._rhythm, now, phase=phase, missing=saved.missing)
        url = saved.registration.update_url
        courier = Courier(self._caller, url, outbox, clock=self._book.clock, draw=self._draw)
        return Member(saved.registration, saved.peer, heart, courier)

    def _admit(self, member: Member) -> None:
        self._members[member.url] = member
        for name in member.registration.required_services:
            self._dependents.setdefault(name, set()).add(member)
            self._providers[name] = self._providers_of(name)
        member.want(self._wanted(member.registration.required_services))
        start = self._background.start
        member.tasks.append(start(member.beat(self._caller, self._book.clock, self._judge)))
        if member.registration.required_services:
            member.tasks.append(start(member.courier.run(lambda: self._save(member))))

    def _dismiss(self, member: Member) -> None:
        member.stop()
        del self._members[member.url]
        for name in set(member.registration.required_services):
            self._dependents[name].discard(member)
            if not self._dependents[name]:
                del self._dependents[name], self._providers[name]

    def _judge(self, member: Member, verdict: Verdict) -> None:
        if verdict is Verdict.KEEP:
            return
        _log.info("%s at %s: %s", member.instance.service, member.url, verdict.value)
        member.pause()
        if verdict is Verdict.REMOVE:
            self._book.unlist_original(member.instance)
        if verdict is Verdict.RESTORE:
            self._list(member.instance)
        if verdict is Verdict.FORGET:
            self._dismiss(member)
            self._book.journal.note(drop_original(member.url))
        else:
            self._save(member)

    def _list(self, instance: Instance) -> None:
        try:
            self._book.list_original(instance, owner=_OWNER)
        except RPCError as error:
            _log.warning("%s at %s stays unlisted: %s", instance.service, instance.id, error)

    def _save(self, member: Member) -> None:
        self._book.journal.note(put_original(member.saved))

    def _changed(self, service: str) -> None:
        """Tell those who require the service, and nobody else."""
        dependents = self._dependents.get(service)
        if not dependents:
            return
        self._providers[service] = self._providers_of(service)
        wanted: dict[tuple[str, ...], frozenset[OriginalProvider]] = {}
        for member in dependents:
            names = member.registration.required_services
            if names not in wanted:  # many require the same, and share one set
                wanted[names] = self._wanted(names)
            member.want(wanted[names])

    def _wanted(self, names: tuple[str, ...]) -> frozenset[OriginalProvider]:
        known = self._providers
        return frozenset[OriginalProvider]().union(
            *(known[name] if name in known else self._providers_of(name) for name in names)
        )

    def _providers_of(self, service: str) -> frozenset[OriginalProvider]:
        instances = self._book.snapshot(service).instances or ()
        urls = (_http_address(instance) for instance in instances)
        return frozenset(OriginalProvider(service, url) for url in urls if url)


def _http_address(instance: Instance) -> str | None:
    schemes = ("http://", "https://")
    return next((url for url in instance.addresses if url.startswith(schemes)), None)
