"""The least that can book durably in the same MongoDB, as a bound: no Redis, no framework and no rules.

A request is taken to be one whole, well-formed message. Documents and indexes are Slotline's; all that wait are one
insert, of which two may be under way, and the unique index decides. Whatever a booking engine does beyond
this comes on top. Reads MONGO_URL and SCHEME (the database).
"""

from __future__ import annotations

import argparse
import asyncio
import os
import socket
import time
from collections.abc import Sequence
from typing import Any, cast

import orjson
import uvloop
from pymongo import AsyncMongoClient
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import BulkWriteError

from engine.model import Booking, Change, Place, Status, new_booking_id
from engine.records import to_document
from engine.store import INDEXES

GROUPS = 2
"""Inserts under way at once, as the journal has them."""

Document = dict[str, Any]
Waiting = tuple[Document, asyncio.WriteTransport]


class Committer:
    """Inserts what waits, and answers."""

    def __init__(self, bookings: AsyncCollection[Document]) -> None:
        self._bookings = bookings
        self._waiting: list[Waiting] = []
        self._groups: set[asyncio.Task[None]] = set()

    def add(self, document: Document, transport: asyncio.WriteTransport) -> None:
        self._waiting.append((document, transport))
        if len(self._waiting) == 1:
            asyncio.get_running_loop().call_soon(self._begin)

    def _begin(self) -> None:
        if self._waiting and len(self._groups) < GROUPS:
            group, self._waiting = self._waiting, []
            task = asyncio.create_task(self._insert(group))
            self._groups.add(task)
            task.add_done_callback(self._end)

    def _end(self, task: asyncio.Task[None]) -> None:
        self._groups.discard(task)
        self._begin()

    async def _insert(self, group: Sequence[Waiting]) -> None:
        taken: set[int] = set()
        try:
            await self._bookings.insert_many([document for document, _ in group], ordered=False)
        except BulkWriteError as error:
            taken = {failed["index"] for failed in error.details["writeErrors"]}
        for index, (document, transport) in enumerate(group):
            if index in taken:
                transport.write(answer(b"409 Conflict", orjson.dumps({"code": "slot-taken"})))
            else:
                transport.write(answer(b"201 Created", orjson.dumps({"booking": document})))


class Connection(asyncio.Protocol):
    def __init__(self, committer: Committer) -> None:
        self._committer = committer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.WriteTransport, transport)

    def data_received(self, data: bytes) -> None:
        head, _, body = data.partition(b"\r\n\r\n")
        self._committer.add(document(orjson.loads(body), key_of(head)), self._transport)


def key_of(head: bytes) -> str:
    return head.lower().rpartition(b"idempotency-key: ")[2].partition(b"\r\n")[0].decode()


def document(wanted: dict[str, str], key: str) -> Document:
    """As Slotline stores it."""
    now = time.time_ns() // 1_000_000
    start = now // 1000
    place = Place(wanted["slotId"], 1, start, start + 60)
    booking = Booking(
        new_booking_id(wanted["expertId"]), 1, Status.PENDING, *place, wanted["name"], wanted["email"], wanted["phone"],
        wanted["notes"], now, now, (Change(now, None, Status.PENDING, "customer", None, place),), key, key,
    )  # fmt: skip
    return to_document(booking)


def answer(status: bytes, body: bytes) -> bytes:
    return b"HTTP/1.1 %b\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (status, len(body), body)


async def serve(fd: int, ready_fd: int) -> None:
    client: AsyncMongoClient[Document] = AsyncMongoClient(os.environ["MONGO_URL"], w="majority", journal=True)
    async with client:
        bookings = client[os.environ["SCHEME"]]["bookings"]
        await bookings.create_indexes(INDEXES["bookings"])
        committer = Committer(bookings)
        loop = asyncio.get_running_loop()
        await loop.create_server(lambda: Connection(committer), sock=socket.socket(fileno=fd))
        os.write(ready_fd, b"R")
        await asyncio.Event().wait()


def main() -> None:
    parser = argparse.ArgumentParser(prog="loadtests.bench.bare_commit")
    parser.add_argument("--fd", type=int, required=True)
    parser.add_argument("--ready-fd", type=int, required=True)
    given = parser.parse_args()
    uvloop.run(serve(given.fd, given.ready_fd))


if __name__ == "__main__":
    main()
