"""The days collection: one document an expert and UTC day, with that day's slots. Who booked them is not in it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from pymongo import ASCENDING, IndexModel, InsertOne, UpdateOne
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.cursor import AsyncCursor

from engine.errors import StoreUnavailable
from engine.model import FREE, Slot, latest
from engine.store.bulk import add_missing

Document = dict[str, Any]

INDEXES = [IndexModel([("expertId", ASCENDING), ("day", ASCENDING)], name="expert_day")]

TRIES = 50
"""Each is lost only to somebody who wrote the same day in between, or whose write is not yet a majority's."""


class SlotStore:
    def __init__(self, collection: AsyncCollection[Document]) -> None:
        self._days = collection

    async def add(self, slots: Sequence[Slot]) -> int:
        """Adds those that are not there yet; answers how many were new."""
        return (await self._put(slots, replace=False))[0]

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
        _, stored = await self._put(decided, replace=True)
        return [slot for slot in decided if slot.shape != from_document(stored[slot.id]).shape]

    async def _put(self, slots: Sequence[Slot], *, replace: bool) -> tuple[int, dict[str, Document]]:
        """Puts slots where there are none and, if they are to replace any, in the place of older revisions. Answers how
        many were new, and by id what is there now. Raises StoreUnavailable if the days keep changing.

        A day is written as a whole, if it still is as it was read: one write a day, not one a slot.
        """
        days: dict[str, list[Slot]] = {}
        for slot in slots:
            days.setdefault(day_id(slot), []).append(slot)
        for lost in range(TRIES):
            await asyncio.sleep(0.005 * lost * random.random())
            known = {day["_id"]: day["slots"] async for day in self._days.find({"_id": {"$in": list(days)}})}
            inserts: list[InsertOne[Document]] = []
            updates: list[UpdateOne] = []
            new, stored = 0, dict[str, Document]()
            for day, of_day in days.items():
                there = {slot["id"]: slot for slot in known.get(day, ())}
                fresh = [
                    slot
                    for slot in of_day
                    if slot.id not in there or (replace and there[slot.id]["revision"] < slot.revision)
                ]
                now = there | {slot.id: there.get(slot.id, {}) | slot_document(slot) for slot in fresh}
                new += len(now) - len(there)
                stored |= now
                if day not in known:
                    inserts.append(InsertOne(day_document(day, now.values(), of_day[0])))
                elif fresh:
                    query = {"_id": day, "slots": known[day]}
                    updates.append(UpdateOne(query, {"$set": {"slots": list(now.values())}}))
            refused = await add_missing(self._days, inserts)
            written = (await self._days.bulk_write(updates, ordered=False)).matched_count if updates else 0
            if not refused and written == len(updates):
                return new, stored
        raise StoreUnavailable("these days keep changing")

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


def day_document(day: str, slots: Iterable[Document], one: Slot) -> Document:
    """``one`` of its slots."""
    return {"_id": day, "expertId": one.expert_id, "day": utc_day(one.start), "slots": list(slots)}


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
