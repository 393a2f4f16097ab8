"""MongoDB: connection, indexes, and what is written and read there. Nothing is decided here.

==================  =========================================  ======================================================
collection          a document                                 indexes
==================  =========================================  ======================================================
``experts``         an expert                                  one for each sort, alone and behind the category; n-grams
``days``            the slots of an expert on one UTC day      expert and day
``bookings``        a booking at its newest revision           the fences, the customer's list, the expert's list
``availabilities``  an expert's availability                   when there is something to do for it
``settings``        the number of partitions, an id, marks
==================  =========================================  ======================================================
"""

from __future__ import annotations

import asyncio
import secrets
from contextlib import suppress
from types import TracebackType
from typing import Any

from bson.codec_options import CodecOptions
from pymongo import AsyncMongoClient, ReturnDocument
from pymongo.errors import OperationFailure, PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from engine.errors import StoreUnavailable
from engine.store import availabilities, bookings, experts, slots
from engine.store.availabilities import AvailabilityStore
from engine.store.bookings import BookingStore
from engine.store.experts import ExpertStore
from engine.store.slots import SlotStore, utc_day

__all__ = ["INDEXES", "AvailabilityStore", "BookingStore", "ExpertStore", "SlotStore", "Store", "translated", "utc_day"]

Document = dict[str, Any]

INDEXES = {
    "experts": experts.INDEXES,
    "days": slots.INDEXES,
    "bookings": bookings.INDEXES,
    "availabilities": availabilities.INDEXES,
}


class Store:
    """Every write is acknowledged by a majority and journaled; every read is of what a majority has."""

    def __init__(self, url: str, database: str, *, timeout: float) -> None:
        self._patience = timeout
        milliseconds = int(timeout * 1000)
        try:
            self._client: AsyncMongoClient[Document] = AsyncMongoClient(
                url,
                appname="slotline",
                serverSelectionTimeoutMS=milliseconds,
                connectTimeoutMS=milliseconds,
                socketTimeoutMS=milliseconds * 3,
            )
        except (PyMongoError, ValueError, OSError) as error:  # the last for a file that the URL names
            raise StoreUnavailable(f"MONGO_URL cannot be used: {first_line(error)}") from error
        self._database = self._client.get_database(
            database,
            codec_options=CodecOptions(document_class=dict),
            write_concern=WriteConcern("majority", j=True),
            read_concern=ReadConcern("majority"),
        )
        self.experts = ExpertStore(self._database["experts"])
        self.slots = SlotStore(self._database["days"])
        self.bookings = BookingStore(self._database["bookings"])
        self.availabilities = AvailabilityStore(self._database["availabilities"])

    async def open(self) -> None:
        """Makes the indexes. Raises `StoreUnavailable` when MongoDB cannot be reached."""
        try:
            for collection, indexes in INDEXES.items():
                await self._database[collection].create_indexes(indexes)
            await self._drop_former_indexes()
        except PyMongoError as error:
            raise StoreUnavailable(f"MongoDB cannot be used: {first_line(error)}") from error

    async def _drop_former_indexes(self) -> None:
        """Each costs every booking. A worker of an older version that starts makes them again, and the next one of this
        version drops them."""
        collection = self._database["bookings"]
        for name in bookings.FORMER_INDEXES:
            if name in await collection.index_information():
                with suppress(OperationFailure):  # another worker was faster; what else it may be, the next start tries
                    await collection.drop_index(name)

    async def partitions(self, number: int) -> int:
        """How many partitions this database was first used with: ``number``, if this is the first time."""
        document = await self._database["settings"].find_one_and_update(
            {"_id": "partitions"},
            {"$setOnInsert": {"number": number, "database": secrets.token_hex(8)}},
            upsert=True,
            return_document=ReturnDocument.AFTER,
        )
        return int(document["number"]) if document else number

    async def identity(self) -> str:
        """By what Redis knows this database, also after it has been restored elsewhere: an id that was made with it;
        its name, if that was done by a version that made none."""
        document = await self._database["settings"].find_one({"_id": "partitions"})
        return str((document or {}).get("database", self._database.name))

    async def mark(self, name: str, mark: bool | None) -> bool:
        """Sets or removes a mark; answers whether it is there."""
        marks = self._database["settings"]
        if mark is None:
            return await marks.find_one({"_id": name}) is not None
        if mark:
            await marks.update_one({"_id": name}, {"$set": {"mark": True}}, upsert=True)
        else:
            await marks.delete_one({"_id": name})
        return mark

    async def close(self) -> None:
        """Disconnects; a server that hangs does not keep us."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._patience):
                await self._client.close()

    async def ping(self) -> None:
        """Raises `StoreUnavailable` when MongoDB does not answer."""
        try:
            await self._client.admin.command("ping")
        except PyMongoError as error:
            raise StoreUnavailable(f"MongoDB does not answer: {first_line(error)}") from error


def first_line(error: Exception) -> str:
    """What to tell a person: without the topology dump that PyMongo appends."""
    return str(error).split(", Timeout:")[0].split("\n")[0][:200]


class translated:
    """``with translated():`` MongoDB's errors come out as `StoreUnavailable`. A class, since a generator costs a hot
    path several microseconds."""

    __slots__ = ()

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, PyMongoError):
            raise StoreUnavailable(f"MongoDB does not answer: {first_line(error)}") from error
