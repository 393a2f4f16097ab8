"""What a rush's losers cost: a look at a slot that was full a moment ago.

Thousands want the same slot in the same second, and all but a few are refused. ``book.lua`` and ``hold.lua`` say so to
each, but for a slot that they have just called taken or held, three reads of one moment (MULTI, EXEC) say the same for
a tenth of Redis' time. They decide nothing but a refusal, and only a plain one: no seat free and no hold over by the
server's own clock, in a slot that is open and to come, by a state that is at hand, for an Idempotency-Key that is new.
Whatever else they show, the script is asked.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Any, NamedTuple

from engine.calls import Calls
from engine.errors import SlotHeld, SlotTaken
from engine.keys import Keys, Partition
from engine.model import digest, expert_of
from engine.wire import pack

MOST = 10_000
"""Slots that are remembered."""

FULL = re.compile(rb"(\d+) \d+ \d+ 0 (\d+) [bh]+")
"""Start and ``heldUntil`` in the record (``lua/includes/slot.lua``) of an open slot without a free seat."""

CLOCK = pack(("TIME",))


class Full(NamedTuple):
    """A slot that has been called taken or held, and how it is read."""

    partition: Partition
    record: bytes
    """The packed command that reads it."""


class Glance:
    def __init__(self, calls: Calls, keys: Keys) -> None:
        self._calls = calls
        self._keys = keys
        self._full: dict[str, Full] = {}

    def remember(self, slot_id: str) -> None:
        """A script has found no seat: the next one who wants the slot has a look first."""
        partition = self._keys.of(slot_id)
        self._full[slot_id] = Full(partition, pack(("HGET", partition.calendar(expert_of(slot_id)), slot_id)))
        if len(self._full) > MOST:
            del self._full[next(iter(self._full))]

    def begin(
        self, slot_id: str, key: str | None, of_key: Callable[[Partition, str], str] = Partition.idempotency
    ) -> asyncio.Future[Any] | None:
        """Has the slot read, and the record ``of_key`` of the Idempotency-Key, for `refusal`; None if the script is to
        be asked at once."""
        full = self._full.get(slot_id)
        if full is None:
            return None
        partition = full.partition
        made = (of_key(partition, digest(key.encode())),) if key else ()
        return self._calls.read(full.record, pack(("MGET", partition.epoch, *made)), CLOCK, at=partition.epoch)

    def refusal(self, slot_id: str, look: asyncio.Future[Any]) -> SlotTaken | SlotHeld | None:
        """What the script would have said for certain, by what was read; None if it is to be asked."""
        known = self._full.get(slot_id)
        if look.exception() is not None or known is None:
            return None
        record, (epoch, *made), (seconds, microseconds) = look.result()
        full = FULL.fullmatch(record) if isinstance(record, bytes) else None
        if full is None:
            del self._full[slot_id]
            return None
        if int(full[1]) <= int(seconds) or epoch is None or any(made):
            return None
        if full[2] != b"0" and int(full[2]) <= int(seconds) * 1000 + int(microseconds) // 1000:
            return None
        if made and not self._calls.trusts(known.partition):
            return None  # Redis may have forgotten the key
        return SlotHeld() if b"h" in record else SlotTaken()
