"""What has to hold after everything: Redis and MongoDB agree, no seat twice, no seat kept by nobody."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from engine.engine import Engine
from engine.errors import StoreUnavailable
from engine.model import FREE, HELD, Booking

T = TypeVar("T")
ALL_AGES = -2.0
"""For `Journal.adopt`: also the entries of this very second."""


async def outbox_length(engine: Engine) -> int:
    return sum([await engine.calls.command("XLEN", partition.outbox) for partition in engine.keys.partitions])


async def until(condition: Callable[[], Awaitable[bool]], *, within: float, why: str) -> None:
    deadline = time.monotonic() + within
    while not await condition():
        assert time.monotonic() < deadline, f"not within {within} s: {why}"
        await asyncio.sleep(0.02)


async def patiently(verb: Callable[[], Awaitable[T]], *, within: float = 20.0) -> T:
    """What a client does with 503: comes again."""
    deadline = time.monotonic() + within
    while True:
        try:
            return await verb()
        except StoreUnavailable:
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(0.05)


async def drained(engine: Engine, *, within: float = 20.0) -> None:
    """Has what other workers left behind adopted, and waits until the outbox is empty."""
    await engine.journal.adopt(ALL_AGES)

    async def empty() -> bool:
        return await outbox_length(engine) == 0

    await until(empty, within=within, why="the outbox drains")


async def seatmaps(engine: Engine, expert_id: str) -> dict[str, str]:
    return {slot.id: slot.seatmap for slot in (await patiently(lambda: engine.calendar(expert_id))).slots}


async def stored_bookings(engine: Engine, expert_id: str) -> dict[str, Booking]:
    return {booking.id: booking async for booking in engine.store.bookings.since([expert_id], 0)}


async def conserved(engine: Engine, expert_id: str) -> dict[str, Booking]:
    """Checks both stores against each other, once all is written; answers MongoDB's bookings."""
    await drained(engine)
    stored = await stored_bookings(engine, expert_id)
    shown = await seatmaps(engine, expert_id)
    expected = {slot_id: [FREE] * len(seatmap) for slot_id, seatmap in shown.items()}
    for booking in stored.values():
        live = await engine.fence.live(booking.id)
        assert live in (None, booking), "the live copy is the stored one"
        if booking.active:
            assert expected[booking.slot_id][booking.seat - 1] == FREE, f"a seat of {booking.slot_id} is booked twice"
            expected[booking.slot_id][booking.seat - 1] = "b"
    assert {slot_id: seatmap.replace(HELD, FREE) for slot_id, seatmap in shown.items()} == {
        slot_id: "".join(marks) for slot_id, marks in expected.items()
    }
    return stored
