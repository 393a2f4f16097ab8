"""What a rush's losers cost: a look at a slot that was full a moment ago.

Thousands want the same slot in the same second, and all but a few are refused. ``book.lua`` and ``hold.lua`` say so to
each, but for a slot that they have just called taken or held, three reads of one moment (MULTI, EXEC) say the same to
everybody who has asked for it in this turn of the event loop. They decide nothing but a refusal, and only a plain one:
no seat free and no hold over by the server's own clock, in a slot that is open and to come, by a state that is at hand,
for an Idempotency-Key that is new. Whatever else they show, the script is asked.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from contextvars import Context, copy_context
from functools import partial
from typing import Any

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

Done = Callable[[SlotTaken | SlotHeld | None], object]
"""Gets what the script would have said for certain, or None if it is to be asked. Raises nothing."""


class Full:
    """A slot that has been called taken or held, and who wants to know whether it still is."""

    __slots__ = ("asking", "id", "partition", "record")

    def __init__(self, slot_id: str, partition: Partition) -> None:
        self.id = slot_id
        self.partition = partition
        self.record = pack(("HGET", partition.calendar(expert_of(slot_id)), slot_id))
        """The packed command that reads it."""
        self.asking: list[tuple[str, Done, Context]] = []
        """In this turn: the key of an Idempotency-Key's record or nothing, who is told, and what its log lines name."""


class Glance:
    def __init__(self, calls: Calls, keys: Keys) -> None:
        self._loop = asyncio.get_running_loop()
        self._calls = calls
        self._keys = keys
        self._full: dict[str, Full] = {}

    def remember(self, slot_id: str) -> None:
        """A script has found no seat: the next ones who want the slot have a look first."""
        if slot_id in self._full:
            return
        self._full[slot_id] = Full(slot_id, self._keys.of(slot_id))
        if len(self._full) > MOST:
            del self._full[next(iter(self._full))]

    def ask(
        self,
        slot_id: str,
        key: str | None,
        done: Done,
        of_key: Callable[[Partition, str], str] = Partition.idempotency,
    ) -> bool:
        """Has the slot looked at, and the record ``of_key`` of the Idempotency-Key, and ``done`` told. False, and it is
        not, if there is no reason to think that the slot is full: the script is to be asked at once."""
        full = self._full.get(slot_id)
        if full is None:
            return False
        if not full.asking:
            self._loop.call_soon(self._look, full)
        full.asking.append((of_key(full.partition, digest(key.encode())) if key else "", done, copy_context()))
        return True

    def _look(self, full: Full) -> None:
        asking, full.asking = full.asking, []
        epoch = full.partition.epoch
        made = [key for key, _, _ in asking if key]
        look = self._calls.read(full.record, pack(("MGET", epoch, *made)), CLOCK, at=epoch)
        if look is None:
            self._tell(asking, None)
        else:
            look.add_done_callback(partial(self._looked, full, asking))

    def _looked(self, full: Full, asking: list[tuple[str, Done, Context]], look: asyncio.Future[Any]) -> None:
        try:
            record, (epoch, *made), clock = look.result()
        except Exception:
            self._tell(asking, None)
            return
        found = FULL.fullmatch(record) if isinstance(record, bytes) else None
        if found is None:
            self._full.pop(full.id, None)
        refusal = self._refusal(found, clock) if found and epoch is not None else None
        # A Redis that has just come back may have forgotten a key.
        self._tell(asking, refusal, made if self._calls.trusts(full.partition, epoch) else [b"?"] * len(made))

    @staticmethod
    def _refusal(full: re.Match[bytes], clock: list[bytes]) -> type[SlotTaken | SlotHeld] | None:
        """What the script says of such a slot at that time."""
        seconds, microseconds = map(int, clock)
        if int(full[1]) <= seconds or 0 < int(full[2]) <= seconds * 1000 + microseconds // 1000:
            return None
        return SlotHeld if b"h" in full[0] else SlotTaken

    @staticmethod
    def _tell(
        asking: list[tuple[str, Done, Context]],
        refusal: type[SlotTaken | SlotHeld] | None,
        made: list[bytes | None] | tuple[()] = (),
    ) -> None:
        """``made`` has what was read for those who have an Idempotency-Key."""
        read = iter(made)
        for key, done, context in asking:
            if refusal is None or (key and next(read) is not None):
                context.run(done, None)
            else:
                context.run(done, refusal())
