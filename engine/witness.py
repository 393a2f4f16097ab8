"""Reads what Redis and MongoDB say about some experts of a partition, in an order that lets the two be compared.

Redis decides, then MongoDB gets it, then the outbox entry goes. So the calendar is read first, then the outbox, then
MongoDB: whatever took a seat before the calendar was read is in one of the two. A seat may be judged only if nothing
has happened to it by the time the last word was read: the change log tells, see `Evidence.still`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from engine.calls import Calls
from engine.errors import StoreUnavailable
from engine.evidence import Evidence, SlotHolds
from engine.keys import Keys, Partition
from engine.model import HELD, Booking, Slot, expert_of, latest
from engine.records import from_entry, from_record, subject_of
from engine.settings import Settings
from engine.store import Store, utc_day
from engine.tasks import end

PAGE = 2000
"""Outbox entries read at a time."""

FOLLOW = 0.001
"""Seconds between two looks at a change log that may be too short."""


class Witness:
    def __init__(self, calls: Calls, keys: Keys, store: Store, settings: Settings) -> None:
        self._calls = calls
        self._keys = keys
        self._store = store
        self._keep_past = settings.keep_past
        self.now = 0
        """Epoch second by the Redis that was heard last: a worker's own clock may be days off."""

    @property
    def horizon(self) -> int:
        """Epoch second; slots that ended before it may be gone from Redis."""
        return self.now - self._keep_past

    async def hear(
        self,
        partition: Partition,
        experts: Sequence[str],
        extra: Mapping[str, Collection[str]] | None = None,
        slots: Collection[str] | None = None,
    ) -> list[Evidence]:
        """Evidence about each expert. ``extra``: ids of bookings to look at though MongoDB may not know them.
        ``slots``: looks at who has seats of these, and at nobody else, and reads the change log all the while, for in a
        rush it is too short to be read when all bookings have been.

        Raises EpochMissing, StoreUnavailable, PyMongoError.
        """
        [now] = await self._calls.clocks([partition.epoch])
        self.now = now // 1000
        heard = await asyncio.gather(*(self._calendar(partition, expert) for expert in experts))
        following = [asyncio.create_task(self._follow(partition, evidence)) for evidence in heard if slots is not None]
        try:
            by_expert = {evidence.expert_id: evidence for evidence in heard}
            await self._holds(partition, by_expert)
            await self._outbox(partition, by_expert)
            whose = self._stored_bookings(by_expert) if slots is None else self._stored_bookings_of(slots, by_expert)
            await asyncio.gather(self._stored_slots(by_expert), whose)
            extra = extra or {}
            await asyncio.gather(*(self._live(partition, each, extra.get(each.expert_id, ())) for each in heard))
        finally:
            await end(following)
        await asyncio.gather(*(self._since(partition, evidence) for evidence in heard))
        return heard

    async def _calendar(self, partition: Partition, expert_id: str) -> Evidence:
        answer = await self._calls.run("snapshot", partition.feed(expert_id)[:3], ())
        records = {key.decode(): value.decode() for key, value in pairs(answer[3:])}
        evidence = Evidence(expert_id, answer[1].decode(), int(answer[2]), records, told=int(answer[2]))
        for slot_id, record in records.items():
            try:
                evidence.slots[slot_id] = Slot.from_record(slot_id, record)
            except ValueError:
                continue
        evidence.listed = bool(await self._calls.command("SISMEMBER", partition.experts, expert_id))
        evidence.versioned = bool(await self._calls.command("EXISTS", partition.version(expert_id)))
        return evidence

    async def _holds(self, partition: Partition, experts: Mapping[str, Evidence]) -> None:
        due = await self._calls.command("ZRANGE", partition.due, 0, -1)
        wanted = {slot_id for raw in due if expert_of(slot_id := raw.decode()) in experts}
        for evidence in experts.values():
            wanted |= {slot.id for slot in evidence.slots.values() if slot.held_until or HELD in slot.seatmap}
        found = await asyncio.gather(*(self._holds_of(partition, slot_id) for slot_id in wanted))
        for slot_id, holds in zip(wanted, found, strict=True):
            experts[expert_of(slot_id)].holds[slot_id] = holds

    async def _holds_of(self, partition: Partition, slot_id: str) -> SlotHolds:
        keys = (*partition.feed(expert_of(slot_id))[:2], *partition.holds(slot_id))
        _, epoch, record, due, tokens, holders = await self._calls.run("inspect_holds", keys, (slot_id,))
        return SlotHolds(
            epoch.decode(),
            record.decode(),
            int(due or 0),
            {token.decode(): int(expiry) for token, expiry in pairs(tokens)},
            {token.decode(): holder.decode() for token, holder in pairs(holders)},
        )

    async def _outbox(self, partition: Partition, experts: Mapping[str, Evidence]) -> None:
        slots: list[Slot] = []
        bookings: list[Booking] = []
        async for _, fields in self.entries(partition.outbox):
            if expert_of(subject_of(fields)) not in experts:
                continue
            try:
                thing = from_entry(fields)
            except (KeyError, ValueError):
                continue  # the journal sets it aside
            if isinstance(thing, Slot):
                slots.append(thing)
            else:
                bookings.append(thing)
        for slot in latest(slots):
            experts[expert_of(slot.id)].pending_slots[slot.id] = slot
        for booking in latest(bookings):
            experts[expert_of(booking.id)].pending[booking.id] = booking

    async def entries(self, stream: str, last: str = "+") -> AsyncIterator[tuple[bytes, list[bytes]]]:
        """The entries of a stream up to ``last``."""
        after = "-"
        while True:
            page = await self._calls.command("XRANGE", stream, after, last, "COUNT", PAGE)
            for entry_id, fields in page or ():
                yield entry_id, fields
            if len(page or ()) < PAGE:
                return
            after = f"({page[-1][0].decode()}"

    async def _stored_slots(self, experts: Mapping[str, Evidence]) -> None:
        async for slot in self._store.slots.since(list(experts), utc_day(self.horizon)):
            experts[slot.expert_id].stored_slots[slot.id] = slot

    async def _stored_bookings(self, experts: Mapping[str, Evidence]) -> None:
        unfenced: set[str] = set()
        async for booking in self._store.bookings.since(list(experts), self.horizon, unfenced):
            experts[booking.expert_id].stored[booking.id] = booking
        for evidence in experts.values():
            evidence.unfenced = unfenced & evidence.stored.keys()

    async def _stored_bookings_of(self, slots: Collection[str], experts: Mapping[str, Evidence]) -> None:
        for of_slot in await asyncio.gather(*map(self._store.bookings.of_slot, slots)):
            for booking in of_slot:
                experts[booking.expert_id].stored[booking.id] = booking

    async def _live(self, partition: Partition, evidence: Evidence, extra: Iterable[str]) -> None:
        ids = list(dict.fromkeys([*evidence.stored, *evidence.pending, *extra]))
        copies = await asyncio.gather(
            *(self._calls.command("GET", partition.booking(booking_id)) for booking_id in ids)
        )
        for booking_id, copy in zip(ids, copies, strict=True):
            if copy is None:
                continue
            evidence.copies[booking_id] = copy
            try:
                evidence.live[booking_id] = from_record(copy)
            except ValueError:
                continue
        keyed = [booking for booking in evidence.stored.values() if booking.idempotency]
        records = await asyncio.gather(
            *(self._calls.command("GET", partition.idempotency(booking.idempotency or "")) for booking in keyed)
        )
        evidence.keyed = {b.id: (record or b"").decode() for b, record in zip(keyed, records, strict=True)}

    async def _follow(self, partition: Partition, evidence: Evidence) -> None:
        """Reads the change log as it is written."""
        with suppress(StoreUnavailable):  # whoever started this will see for himself
            while evidence.since is not None:
                await self._read_log(partition, evidence)
                await asyncio.sleep(FOLLOW)

    async def _since(self, partition: Partition, evidence: Evidence) -> None:
        """What has happened until now; nobody can tell if the log is too short, or ends elsewhere."""
        _, _, version_key, _, _ = partition.feed(evidence.expert_id)
        epoch, version = await self._calls.command("MGET", partition.epoch, version_key)
        known, last = evidence.told, int(version or 0)
        if known < last:
            await self._read_log(partition, evidence)
        if (epoch or b"").decode() != evidence.epoch or last < known or evidence.told < last:
            evidence.since = None

    async def _read_log(self, partition: Partition, evidence: Evidence) -> None:
        entries = await self._calls.command("XRANGE", partition.log(evidence.expert_id), f"{evidence.told + 1}-0", "+")
        for entry_id, (_, event) in entries or ():
            if evidence.since is None or int(entry_id.partition(b"-")[0]) != evidence.told + 1:
                evidence.since = None
                return
            _, _, slot_id, record = event.decode().split(" ", 3)
            evidence.newest[slot_id] = record
            evidence.since.setdefault(slot_id, []).append(Slot.from_record(slot_id, record).seatmap)
            evidence.told += 1

    async def strays(self, partition: Partition, experts: Collection[str]) -> dict[str, set[str]]:
        """Ids of the experts' bookings that have a live copy: a walk through all that the partition has."""
        prefix = partition.booking("")
        found: dict[str, set[str]] = {}
        cursor: Any = b"0"
        while True:
            answer = await self._calls.run("find_bookings", (partition.epoch,), (cursor, f"{prefix}*"))
            for key in answer[2:]:
                booking_id = key.decode().removeprefix(prefix)
                if expert_of(booking_id) in experts:
                    found.setdefault(expert_of(booking_id), set()).add(booking_id)
            cursor = answer[1]
            if cursor == b"0":
                return found


def pairs(flat: Sequence[Any]) -> Iterable[tuple[Any, Any]]:
    return zip(flat[::2], flat[1::2], strict=True)
