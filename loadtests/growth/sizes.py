"""How large things are in Redis, and how long it takes to make them again from MongoDB."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from redis.asyncio import Redis

from engine.claim import Request
from engine.engine import Engine
from engine.model import new_slot
from loadtests.bench.bench import drain
from loadtests.bench.supply import add_experts, midnight
from loadtests.growth.ground import ground

AT_ONCE = 200
SETTLE = 0.3


@dataclass(frozen=True, slots=True)
class Sizes:
    """Bytes of Redis' memory each, and seconds."""

    slot: float
    booking: float
    """Without a key; with name, email, phone and a short note."""
    key: float
    """Of an Idempotency-Key."""
    slots: int
    bookings: int
    rebuild: float
    """Seconds to make all of them again."""


async def measure_sizes(folder: Path, slots: int) -> Sizes:
    """With so many slots of one seat, half of them booked, half of those with an Idempotency-Key."""
    with ground(folder, 0) as on:
        engine = await Engine.open(on.settings)
        async with Redis.from_url(on.redis.url) as redis:

            async def used() -> int:
                await drain(engine)
                await asyncio.sleep(SETTLE)
                return int((await redis.info("memory"))["used_memory"])

            experts = await add_experts(engine)
            start = await used()
            wanted = [
                new_slot(expert, midnight() + n * 60, midnight() + n * 60 + 60)
                for n in range(-(-slots // len(experts)))
                for expert in experts
            ]
            for expert in experts:
                await engine.add_slots([slot for slot in wanted if slot.expert_id == expert])
            seeded = await used()
            quarter = len(wanted) // 4
            await _book(engine, [slot.id for slot in wanted[:quarter]], keyed=False)
            plain = await used()
            await _book(engine, [slot.id for slot in wanted[quarter : 2 * quarter]], keyed=True)
            keyed = await used()
            await redis.flushall()
        await engine.close()
        began = perf_counter()
        again = await Engine.open(on.settings)  # it comes up with an empty Redis, and makes it again
        took = perf_counter() - began
        await again.close()
    booking = (plain - seeded) / quarter
    return Sizes(
        slot=(seeded - start) / len(wanted), booking=booking, key=(keyed - plain) / quarter - booking,
        slots=len(wanted), bookings=2 * quarter, rebuild=took,
    )  # fmt: skip


async def _book(engine: Engine, slot_ids: list[str], *, keyed: bool) -> None:
    for first in range(0, len(slot_ids), AT_ONCE):
        await asyncio.gather(
            *(
                engine.book(
                    Request(
                        slot_id.partition("-")[0], slot_id, "Ann Onymous", "ann@example.com", "+49 30 1234567",
                        "Second floor, left.", f"key-{slot_id}" if keyed else None,
                    )
                )
                for slot_id in slot_ids[first : first + AT_ONCE]
            )
        )  # fmt: skip
