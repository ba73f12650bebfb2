"""Calls that are done once however often they are made: keys, and the answers kept for them."""

from kitfox.idempotency._answers import Answers as Answers, Record as Record
from kitfox.idempotency._idempotency import idempotency as idempotency
from kitfox.idempotency._memory import MemoryAnswers as MemoryAnswers
from kitfox.idempotency.sqlite import SQLiteAnswers as SQLiteAnswers

__all__ = ["Answers", "MemoryAnswers", "Record", "SQLiteAnswers", "idempotency"]
