"""A handful of experts that the load fights over for a minute or so, and what the servers have of them.

A long run moves from one generation to the next: each is checked when it is quiet, and then deleted.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pymongo import AsyncMongoClient
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import ConstantBackoff
from redis.exceptions import BusyLoadingError, ConnectionError, TimeoutError

from engine.engine import Engine
from engine.keys import Keys
from engine.model import Booking, expert_of, new_expert_id, new_slot
from engine.records import from_record
from tests.samples import ZOE

EXPERTS, SINGLES, GROUPS, GROUP_SEATS = 3, 5, 2, 4


@dataclass
class Generation:
    number: int
    seats: dict[str, int]
    """Slot id → seats."""
    began: float = field(default_factory=time.monotonic)
    retired: float = 0.0
    """Epoch seconds at which the load left it; 0 while it is used."""
    busy: int = 0
    """Clients that are in the middle of something here."""
    pool: list[tuple[str, str]] = field(default_factory=list)
    """(booking id, slot id) of bookings that any client may change."""

    @property
    def experts(self) -> list[str]:
        return sorted({expert_of(slot) for slot in self.seats})


@dataclass
class State:
    """What MongoDB and Redis have of a generation."""

    documents: list[dict[str, Any]]
    seatmaps: dict[str, str]
    live: dict[str, Booking]
    """Booking id → the live copy of those that Redis has."""
    held: dict[str, list[str]] = field(default_factory=dict)
    """Slot id → tokens of its holds."""
    poison: int = 0
    outbox: int = 0


async def create(engine: Engine, number: int) -> Generation:
    """Makes the experts and puts their slots on sale, tomorrow."""
    start = (int(time.time()) // 3600 + 24) * 3600
    experts = [replace(ZOE, id=new_expert_id(), name=f"Generation {number}") for _ in range(EXPERTS)]
    slots = []
    for expert in experts:
        for index in range(SINGLES + GROUPS):
            at = start + index * 3600
            slots.append(new_slot(expert.id, at, at + 1800, 1 if index < SINGLES else GROUP_SEATS))
    await engine.add_experts(experts)
    await engine.add_slots(slots)
    return Generation(number, {slot.id: slot.seats for slot in slots})


class Servers:
    """Looks at the two servers directly, past the proxies and past the product."""

    def __init__(self, redis_url: str, mongo_url: str, database: str, partitions: int) -> None:
        self.redis: Redis = Redis.from_url(
            redis_url,
            decode_responses=True,
            socket_timeout=10,
            retry=Retry(ConstantBackoff(0.2), 50),  # it may be on its way up again
            retry_on_error=[ConnectionError, TimeoutError, BusyLoadingError],
        )
        self._mongo: AsyncMongoClient[Any] = AsyncMongoClient(mongo_url, socketTimeoutMS=20_000)
        self.database = self._mongo[database]
        self.keys = Keys(partitions)

    async def close(self) -> None:
        await self.redis.aclose()
        await self._mongo.close()

    async def read(self, generation: Generation) -> State:
        documents = [d async for d in self.database["bookings"].find({"expertId": {"$in": generation.experts}})]
        seatmaps: dict[str, str] = {}
        for expert in generation.experts:
            calendar = await self.redis.hgetall(self.keys.of(expert).calendar(expert))
            seatmaps.update({slot: record.split(" ")[5] for slot, record in calendar.items()})
        live = {}
        for document in documents:
            copy = await self.redis.get(self.keys.of(document["_id"]).booking(document["_id"]))
            if copy:
                live[document["_id"]] = from_record(copy.encode())
        held = {}
        for slot in generation.seats:
            if tokens := await self.redis.zrange(self.keys.of(slot).holds(slot)[0], 0, -1):
                held[slot] = tokens
        return State(documents, seatmaps, live, held, await self._length("poison"), await self._length("outbox"))

    async def _length(self, stream: str) -> int:
        return sum([await self.redis.xlen(getattr(partition, stream)) for partition in self.keys.partitions])

    async def epochs(self) -> bool:
        """Whether every partition has one."""
        return all(await asyncio.gather(*(self.redis.get(p.epoch) for p in self.keys.partitions)))

    async def oldest_entry(self) -> float | None:
        """When the oldest outbox entry was made, in epoch seconds; None when nothing waits."""
        oldest = []
        for partition in self.keys.partitions:
            for entry, _ in await self.redis.xrange(partition.outbox, count=1):
                oldest.append(int(entry.split("-")[0]) / 1000)
        return min(oldest, default=None)

    async def forget(self, generation: Generation, documents: list[Mapping[str, Any]]) -> None:
        """Deletes everything of a generation that has been checked."""
        experts = {"$in": generation.experts}
        await self.database["bookings"].delete_many({"expertId": experts})
        await self.database["days"].delete_many({"expertId": experts})
        await self.database["experts"].delete_many({"_id": experts})
        for expert in generation.experts:
            partition = self.keys.of(expert)
            await self.redis.srem(partition.experts, expert)
            await self.redis.delete(partition.calendar(expert), partition.version(expert), partition.log(expert))
        for slot in generation.seats:
            held, holders, due = self.keys.of(slot).holds(slot)
            await self.redis.delete(held, holders)
            await self.redis.zrem(due, slot)
        for document in documents:
            partition = self.keys.of(document["_id"])
            idempotency = document.get("idem")
            await self.redis.delete(
                partition.booking(document["_id"]), *([partition.idempotency(idempotency)] if idempotency else [])
            )
