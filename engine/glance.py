"""What a rush's losers cost: a look at a slot that was full a moment ago.

Thousands ask for the same slot in the same second, and all but a few are refused. ``book.lua`` says so to each, but for
a slot that it has just called taken two reads of one moment (MULTI, EXEC) say the same for a tenth of Redis' time. They
decide nothing but a refusal, and only a plain one: every seat booked, in a slot that is open and to come, by a state
that is at hand, for an Idempotency-Key that is new. Whatever else they show, ``book.lua`` is asked.
"""

from __future__ import annotations

import asyncio
import re
import time
from typing import Any, NamedTuple

from engine.calls import Calls
from engine.keys import Keys, Partition
from engine.model import digest, expert_of
from engine.wire import pack

MOST = 10_000
"""Slots that are remembered."""

SOON = 60
"""Seconds. A slot that starts within them may have started by the clock that counts, which is the server's."""

FULL = re.compile(rb"(\d+) \d+ \d+ 0 0 b+")
"""The record (``lua/includes/slot.lua``) of a slot that is open, without a hold and without a free seat."""


class Taken(NamedTuple):
    """A slot that has been called taken, and how it is read."""

    partition: Partition
    record: bytes
    """The packed command that reads it."""


class Glance:
    def __init__(self, calls: Calls, keys: Keys) -> None:
        self._calls = calls
        self._keys = keys
        self._taken: dict[str, Taken] = {}

    def remember(self, slot_id: str) -> None:
        """``book.lua`` has called it taken: the next one who wants it has a look first."""
        partition = self._keys.of(slot_id)
        self._taken[slot_id] = Taken(partition, pack(("HGET", partition.calendar(expert_of(slot_id)), slot_id)))
        if len(self._taken) > MOST:
            del self._taken[next(iter(self._taken))]

    def begin(self, slot_id: str, key: str | None) -> asyncio.Future[Any] | None:
        """Has the slot and the Idempotency-Key read, for `refuses`; None if the script is to be asked at once."""
        taken = self._taken.get(slot_id)
        if taken is None:
            return None
        partition = taken.partition
        made = (partition.idempotency(digest(key.encode())),) if key else ()
        return self._calls.read(taken.record, pack(("MGET", partition.epoch, *made)), at=partition.epoch)

    def refuses(self, slot_id: str, look: asyncio.Future[Any]) -> bool:
        """Whether what was read says for certain what ``book.lua`` would have said: ``slot-taken``."""
        if look.exception() is not None:
            return False
        record, (epoch, *made) = look.result()
        full = FULL.fullmatch(record) if isinstance(record, bytes) else None
        if full is None or int(full[1]) <= time.time() + SOON:
            self._taken.pop(slot_id, None)
            return False
        if made and not self._calls.trusts(self._keys.of(slot_id)):
            return False  # Redis may have forgotten the key
        return epoch is not None and not any(made)
