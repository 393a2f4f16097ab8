"""What each database of the comparison has in the end, to be held against what the client was told."""

from __future__ import annotations

from typing import Any, Protocol

from pymongo import AsyncMongoClient

from engine.engine import Engine
from engine.model import BOOKED
from loadtests.bench.bench import drain
from loadtests.bench.databases import PostgresServer
from loadtests.bench.wrk import BenchError


class Books(Protocol):
    async def settle(self) -> None:
        """Has everything written, so that no case pays for the one before."""

    async def count(self) -> tuple[int, int]:
        """How many active bookings there are, and on how many different seats. Raises BenchError."""


class InPostgres:
    def __init__(self, server: PostgresServer, database: str) -> None:
        self._server = server
        self._database = database

    async def settle(self) -> None:
        """Nothing is ever left to do."""

    async def count(self) -> tuple[int, int]:
        said = self._server.ask("SELECT count(*), count(DISTINCT slot_id) FROM bookings", self._database)
        bookings, slots = said.split("|")
        return int(bookings), int(slots)


class InMongo:
    def __init__(self, url: str, database: str) -> None:
        self._url = url
        self._database = database

    async def settle(self) -> None:
        """Nothing is ever left to do."""

    async def count(self) -> tuple[int, int]:
        client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(self._url)
        async with client:
            found = client[self._database]["bookings"].find({"active": True}, {"slotId": 1})
            slots = [booking["slotId"] async for booking in found]
        return len(slots), len(set(slots))


class InSlotline:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def settle(self) -> None:
        await drain(self._engine)

    async def count(self) -> tuple[int, int]:
        """Also compares MongoDB's bookings with the seats that Redis has as booked."""
        experts = [expert async for expert in self._engine.store.experts.ids()]
        stored = [(found.slot_id, found.seat) async for found in self._engine.store.bookings.since(experts, 0)]
        taken = {
            (slot.id, seat)
            for expert in experts
            for slot in (await self._engine.calendar(expert)).slots
            for seat, mark in enumerate(slot.seatmap, 1)
            if mark == BOOKED
        }
        if set(stored) != taken:
            raise BenchError(f"MongoDB has {len(stored)} bookings, Redis {len(taken)} booked seats")
        return len(stored), len(taken)
