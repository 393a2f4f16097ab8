"""Experts' calendars, read once a version: a cached one is used only if Redis says that it is still the newest."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Iterable, Iterator

from engine.calls import Calls
from engine.errors import EpochMissing
from engine.keys import Keys
from engine.model import Calendar, Slot

log = logging.getLogger("slotline.calendars")

MOST = 4096
"""Calendars kept by a worker; the least recently used go first."""


class Calendars:
    def __init__(self, calls: Calls, keys: Keys) -> None:
        self._calls = calls
        self._keys = keys
        self._cache: OrderedDict[str, Calendar] = OrderedDict()
        self._reading: dict[str, asyncio.Task[Calendar]] = {}

    async def get(self, expert_id: str) -> Calendar:
        """The calendar as of now; the same object as long as nothing changed. Empty for an expert without slots.

        Raises StoreUnavailable.
        """
        partition = self._keys.of(expert_id)
        epoch, version = await self._calls.command("MGET", partition.epoch, partition.version(expert_id))
        if epoch is None:
            self._calls.on_missing_epoch()
            raise EpochMissing()
        known = self._cache.get(expert_id)
        if known and known.epoch == epoch.decode() and known.version == int(version or 0):
            self._cache.move_to_end(expert_id)
            return known
        return await self._read_once(expert_id)

    async def _read_once(self, expert_id: str) -> Calendar:
        """One read for all that ask at once. A read that is under way may be older than the version which this caller
        has just seen; one that starts after it has ended cannot be."""
        if (under_way := self._reading.get(expert_id)) is not None:
            await asyncio.wait({under_way})
        task = self._reading.get(expert_id)
        if task is None:
            task = asyncio.create_task(self.read(expert_id))
            self._reading[expert_id] = task
            task.add_done_callback(lambda _: self._reading.pop(expert_id, None))
        return await asyncio.shield(task)

    async def read(self, expert_id: str) -> Calendar:
        """A fresh snapshot. Raises StoreUnavailable."""
        partition = self._keys.of(expert_id)
        answer = await self._calls.run("snapshot", partition.feed(expert_id)[:3], ())
        records = zip(answer[3::2], answer[4::2], strict=True)
        slots = sorted(readable(records), key=lambda slot: slot.start)
        calendar = Calendar(expert_id, answer[1].decode(), int(answer[2]), tuple(slots))
        self._cache[expert_id] = calendar
        self._cache.move_to_end(expert_id)
        if len(self._cache) > MOST:
            self._cache.popitem(last=False)
        return calendar


def readable(records: Iterable[tuple[bytes, bytes]]) -> Iterator[Slot]:
    """Those that are slots. One that is none cannot be booked, and must not hide the others; the audit finds it."""
    for slot_id, record in records:
        try:
            yield Slot.from_record(slot_id.decode(), record.decode())
        except ValueError:
            log.error("what Redis has for slot %s is none", slot_id.decode())
