"""What an operator may say about the log service."""

from typing import Annotated

import msgspec
from msgspec import Meta

Seconds = Annotated[float, Meta(gt=0)]
Size = Annotated[int, Meta(ge=1024)]
Count = Annotated[int, Meta(ge=1)]

_MIB = 1024 * 1024
_DAY = 86_400.0


class LogSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the log lies and how much of it is kept.

    A segment is sealed when it reaches `segment_bytes` or `segment_age`; sealed segments go when
    they are older than `keep_seconds` or together larger than `keep_bytes`. `tails` readers may
    follow the log at once, each with `tail_queue` entries waiting for it.
    """

    directory: str = "logs"
    segment_bytes: Size = 4 * _MIB
    segment_age: Seconds = 3600.0
    keep_bytes: Size = 1024 * _MIB
    keep_seconds: Seconds = 14 * _DAY
    source_seconds: Seconds = 30 * _DAY
    housekeeping_every: Seconds = 10.0
    waiting_batches: Count = 1024
    tails: Count = 100
    tail_queue: Count = 1000
    text_bytes: Size = 64 * 1024
    body_bytes: Size = 4 * _MIB
    text_file: str = "distributed.log"
    text_file_bytes: Size = 16 * _MIB
    text_files: Count = 4
