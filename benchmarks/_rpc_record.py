"""What travels in the RPC benchmark: a record of about 200 bytes, typed at both ends."""

import msgspec

from kitfox.core import Service, rpc


class Record(msgspec.Struct):
    """What travels, there and back."""

    id: int
    name: str
    email: str
    born: int
    active: bool
    tags: list[str]
    note: str


RECORD = Record(
    id=7,
    name="Ada Lovelace",
    email="ada@example.org",
    born=1815,
    active=True,
    tags=["maths", "engines"],
    note="x" * 110,
)
FIELDS = msgspec.structs.asdict(RECORD)


class Records(Service, name="bench.Records"):
    """What kitfox serves."""

    @rpc
    async def echo(self, record: Record) -> Record:
        """Return the record, made anew."""
        return Record(
            id=record.id,
            name=record.name,
            email=record.email,
            born=record.born,
            active=record.active,
            tags=record.tags,
            note=record.note,
        )
