"""The days collection: one document an expert and UTC day, with that day's slots. Who booked them is not in it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any

from pymongo import ASCENDING, IndexModel, InsertOne, UpdateOne
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.cursor import AsyncCursor

from engine.model import FREE, Slot, latest
from engine.store.bulk import add_missing

Document = dict[str, Any]

INDEXES = [IndexModel([("expertId", ASCENDING), ("day", ASCENDING)], name="expert_day")]


class SlotStore:
    def __init__(self, collection: AsyncCollection[Document]) -> None:
        self._days = collection

    async def add(self, slots: Sequence[Slot]) -> int:
        """Adds those that are not there yet; answers how many were new."""
        days: dict[str, list[Slot]] = {}
        for slot in slots:
            days.setdefault(day_id(slot), []).append(slot)
        known: dict[str, set[str]] = {}
        async for document in self._days.find({"_id": {"$in": list(days)}}, {"slots.id": 1}):
            known[document["_id"]] = {slot["id"] for slot in document["slots"]}
        operations: list[InsertOne[Document] | UpdateOne] = []
        new = 0
        for day, of_day in days.items():
            fresh = [slot for slot in of_day if slot.id not in known.get(day, ())]
            new += len(fresh)
            if day not in known:
                operations.append(InsertOne(day_document(day, fresh)))
                continue
            # One at a time, and only where it is still missing: two who add the same slot leave it there once.
            operations += [
                UpdateOne({"_id": day, "slots.id": {"$ne": slot.id}}, {"$push": {"slots": slot_document(slot)}})
                for slot in fresh
            ]
        if await add_missing(self._days, operations):
            return await self.add(slots)  # somebody else made a day meanwhile
        return new

    async def get(self, slots: Sequence[Slot]) -> list[Slot]:
        """Slots as they are here, without their bookings; any order."""
        wanted = {slot.id for slot in slots}
        found: list[Slot] = []
        async for document in self._days.find({"_id": {"$in": list({day_id(slot) for slot in slots})}}):
            found += [slot for slot in map(from_document, document["slots"]) if slot.id in wanted]
        return found

    async def write(self, slots: Sequence[Slot]) -> list[Slot]:
        """Writes slots as Redis has decided them; where MongoDB has this revision or a newer one, that stays. Answers
        those of which it says something else then."""
        decided = latest(slots)
        await self.add(decided)
        changes = [
            UpdateOne(
                {
                    "_id": day_id(slot),
                    "slots": {"$elemMatch": {"id": slot.id, "revision": {"$lt": slot.revision}}},
                },
                {"$set": {f"slots.$.{name}": value for name, value in slot_document(slot).items() if name != "id"}},
            )
            for slot in decided
            if slot.revision
        ]
        if changes:
            await self._days.bulk_write(changes, ordered=False)
        stored = {slot.id: slot for slot in await self.get(decided)}
        return [slot for slot in decided if slot.shape != stored[slot.id].shape]

    async def since(self, expert_ids: Sequence[str], day: str) -> AsyncIterator[Slot]:
        """All slots of these experts on UTC days from ``day`` (``YYYY-MM-DD``) on, without their bookings."""
        async for document in self.days(expert_ids, day):
            for slot in document["slots"]:
                yield from_document(slot)

    def days(self, expert_ids: Sequence[str], day: str) -> AsyncCursor[Document]:
        """The same as documents, readable or not."""
        return self._days.find({"expertId": {"$in": list(expert_ids)}, "day": {"$gte": day}})


def day_id(slot: Slot) -> str:
    return f"{slot.expert_id}-{utc_day(slot.start)}"


def utc_day(epoch_seconds: int) -> str:
    """``YYYY-MM-DD`` of a moment, in UTC."""
    return datetime.fromtimestamp(epoch_seconds, UTC).strftime("%Y-%m-%d")


def day_document(day: str, slots: Sequence[Slot]) -> Document:
    return {
        "_id": day,
        "expertId": slots[0].expert_id,
        "day": utc_day(slots[0].start),
        "slots": [slot_document(slot) for slot in slots],
    }


def from_document(slot: Document) -> Slot:
    return Slot(
        slot["id"], int(slot["start"]), int(slot["end"]), FREE * slot["seats"], slot["closed"], int(slot["revision"])
    )


def slot_document(slot: Slot) -> Document:
    return {
        "id": slot.id,
        "start": slot.start,
        "end": slot.end,
        "seats": slot.seats,
        "closed": slot.closed,
        "revision": slot.revision,
    }
