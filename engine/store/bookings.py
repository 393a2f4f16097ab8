"""The bookings collection, and the fence that stands on it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from typing import Any

from pymongo import ASCENDING, DESCENDING, IndexModel, InsertOne, UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.cursor import AsyncCursor
from pymongo.errors import BulkWriteError, DuplicateKeyError

from engine.model import Booking, Page, Status
from engine.records import from_document, to_document
from engine.text import email_key

Document = dict[str, Any]

FENCE = "one_active_booking_a_seat"
IDEMPOTENCY = "one_booking_a_key"

NEWEST = [("createdAt", DESCENDING), ("_id", DESCENDING)]
LAST = [("end", DESCENDING), ("_id", DESCENDING)]
"""Orders of lists. Without `_id` bookings of the same time may change places between two pages."""

INDEXES = [
    IndexModel(
        [("slotId", ASCENDING), ("seat", ASCENDING)],
        name=FENCE,
        unique=True,
        partialFilterExpression={"active": True},
    ),
    IndexModel(
        [("idem", ASCENDING)],
        name=IDEMPOTENCY,
        unique=True,
        partialFilterExpression={"idem": {"$gt": ""}},
    ),
    IndexModel([("emailKey", ASCENDING), *NEWEST], name="email_newest_first"),
    IndexModel([("expertId", ASCENDING), *LAST], name="expert_last_first"),
]

FORMER_INDEXES = ("email_newest", "expert_end")
"""Of older versions, without `_id`."""


class BookingStore:
    """A booking is one document, at its newest revision. Two unique partial indexes are *the fence*: an active
    booking's (slot, seat), and an Idempotency-Key's digest."""

    def __init__(self, collection: AsyncCollection[Document]) -> None:
        self._bookings = collection

    async def write(self, bookings: Sequence[Booking]) -> list[tuple[Booking, Document]]:
        """One durable bulk write; changes of known bookings first, since they may free the seats that new ones take.

        An older revision never overwrites a newer one. Answers the refused ones, each with MongoDB's write error.
        Raises PyMongoError when the whole write failed: then any part of it may have happened.
        """
        changed = [booking for booking in bookings if booking.revision > 1]
        new = [booking for booking in bookings if booking.revision == 1]
        refused: list[tuple[Booking, Document]] = []
        for group, operation in ((changed, upsert), (new, insert)):
            if not group:
                continue
            try:
                await self._bookings.bulk_write([operation(booking) for booking in group], ordered=False)
            except BulkWriteError as error:
                if error.details.get("writeConcernErrors"):
                    raise
                refused += [(group[wrong["index"]], wrong) for wrong in error.details["writeErrors"]]
        return refused

    async def trade(self, moves: Sequence[tuple[Booking, Booking]]) -> None:
        """Moves bookings that have taken each other's seats, each from its stored state to its new one, in one
        transaction: one after the other they would not pass the fence. Nothing happens if one of them has changed, or
        if somebody else is in the way. Raises PyMongoError."""

        async def write(session: AsyncClientSession) -> None:
            for change in (gone, to_document):
                for stored, moved in moves:
                    document = change(moved)
                    document.pop("_id", None)
                    query = {"_id": stored.id, "rev": stored.revision}
                    if not (await self._bookings.update_one(query, {"$set": document}, session=session)).matched_count:
                        raise Overtaken

        try:
            async with self._bookings.database.client.start_session() as session:
                await session.with_transaction(write)
        except (DuplicateKeyError, Overtaken):
            pass

    async def get(self, booking_id: str) -> Booking | None:
        return await self._one({"_id": booking_id})

    async def active(self, slot_id: str, seat: int) -> Booking | None:
        """Whoever has the seat."""
        return await self._one({"slotId": slot_id, "seat": seat, "active": True})

    async def of_slot(self, slot_id: str) -> list[Booking]:
        """All who have a seat."""
        return [from_document(each) async for each in self._bookings.find({"slotId": slot_id, "active": True})]

    async def of_key(self, digest: str) -> Booking | None:
        return await self._one({"idem": digest})

    async def _one(self, query: Document) -> Booking | None:
        document = await self._bookings.find_one(query)
        return from_document(document) if document else None

    async def of_email(self, email: str, status: Status | None, page: int, limit: int) -> Page:
        """A customer's bookings, newest first."""
        return await self._page({"emailKey": email_key(email)}, NEWEST, status, page, limit)

    async def of_expert(self, expert_id: str, status: Status | None, page: int, limit: int) -> Page:
        """An expert's bookings, the last to end first."""
        return await self._page({"expertId": expert_id}, LAST, status, page, limit)

    async def _page(
        self, query: Document, order: list[tuple[str, int]], status: Status | None, page: int, limit: int
    ) -> Page:
        if status:
            query["status"] = status.value
        total = await self._bookings.count_documents(query)
        cursor = self._bookings.find(query).sort(order).skip((page - 1) * limit).limit(limit)
        return Page([from_document(document) async for document in cursor], page, limit, total)

    async def since(
        self, expert_ids: Sequence[str], end: int, unfenced: set[str] | None = None
    ) -> AsyncIterator[Booking]:
        """All bookings of these experts whose slot ends at ``end`` (epoch seconds) or later. ``unfenced`` gets the ids
        of those that the fence does not take for what they are."""
        async for document in self.documents(expert_ids, end):
            booking = from_document(document)
            if unfenced is not None and document.get("active") is not booking.active:
                unfenced.add(booking.id)
            yield booking

    def documents(
        self, expert_ids: Sequence[str], end: int, fields: Sequence[str] | None = None
    ) -> AsyncCursor[Document]:
        """The same as documents, readable or not; with these fields only."""
        return self._bookings.find({"expertId": {"$in": list(expert_ids)}, "end": {"$gte": end}}, fields)

    async def fence_again(self, booking: Booking) -> None:
        """Puts a booking before or behind the fence as its status says, unless another has its seat."""
        query = {"_id": booking.id, "rev": booking.revision, "status": booking.status.value}
        with suppress(DuplicateKeyError):
            await self._bookings.update_one(query, {"$set": {"active": booking.active}})


class Overtaken(Exception):
    """Somebody else was faster."""


def gone(_: Booking) -> Document:
    """Of no seat."""
    return {"active": False}


def insert(booking: Booking) -> InsertOne[Document]:
    return InsertOne(to_document(booking))


def upsert(booking: Booking) -> UpdateOne:
    """Only onto what it has come from: a Redis that was rolled back lets a booking go on from where MongoDB has left it
    long ago, and a few changes later its revision is the higher one all the same."""
    document = to_document(booking)
    ancestors = [change.at for change in booking.history]
    query = {"_id": document.pop("_id"), "rev": {"$lt": booking.revision}, "updatedAt": {"$in": ancestors}}
    return UpdateOne(query, {"$set": document}, upsert=True)
