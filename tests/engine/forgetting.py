"""Redis forgets, and MongoDB hears late: how a test brings that about, and what must be the case afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from engine.engine import Engine
from engine.errors import EpochMissing
from engine.model import Booking, Calendar, Slot, Status


async def forget(engine: Engine, *bookings: Booking, slot: Slot) -> None:
    """Redis as it was before these bookings: their hashes and keys are gone, the slot is as given."""
    partition = engine.keys.of(slot.expert_id)
    await engine.calls.command("HSET", partition.calendar(slot.expert_id), slot.id, slot.record)
    for booking in bookings:
        await engine.calls.command("DEL", partition.booking(booking.id))
        if booking.idempotency:
            await engine.calls.command("DEL", partition.idempotency(booking.idempotency))


async def seatmap(engine: Engine, slot: Slot) -> str:
    calendar = await engine.calendars.read(slot.expert_id)
    return next(each.seatmap for each in calendar.slots if each.id == slot.id)


async def active(engine: Engine, slot: Slot) -> list[Booking]:
    everything = [booking async for booking in engine.store.bookings.since([slot.expert_id], 0)]
    return [booking for booking in everything if booking.slot_id == slot.id and booking.active]


async def assert_empty_outbox(engine: Engine, slot: Slot) -> None:
    async with asyncio.timeout(5):
        while await engine.calls.command("XLEN", engine.keys.of(slot.id).outbox):
            await asyncio.sleep(0.01)


async def assert_only(engine: Engine, booking: Booking, slot: Slot) -> None:
    """Redis and MongoDB agree that this is the slot's only booking; a claim taken back may stay as a cancelled one."""
    assert await active(engine, slot) == [booking]
    assert await engine.fence.live(booking.id) == booking
    expected = "".join("b" if seat == booking.seat else "." for seat in range(1, slot.seats + 1))
    assert await seatmap(engine, slot) == expected
    partition = engine.keys.of(slot.id)
    keys = {key.decode() for key in await engine.calls.command("KEYS", partition.booking("*"))}
    assert partition.booking(booking.id) in keys
    for key in keys - {partition.booking(booking.id)}:
        other = await engine.fence.live(key.rpartition(":")[2])
        assert other is not None
        assert other == await engine.store.bookings.get(other.id)
        assert (other.status, other.idempotency) == (Status.CANCELLED, None)
    await assert_empty_outbox(engine, slot)


async def late(worker: Engine, monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """Until it is set, what a worker writes to MongoDB does not get there."""
    arrives = asyncio.Event()
    write = worker.store.bookings.write

    async def wait(bookings: Sequence[Booking]) -> list[tuple[Booking, dict[str, Any]]]:
        await arrives.wait()
        return await write(bookings)

    monkeypatch.setattr(worker.store.bookings, "write", wait)
    return arrives


async def calendar_again(engine: Engine, expert_id: str) -> Calendar:
    """The calendar as soon as it is back, within two seconds."""
    async with asyncio.timeout(2):
        while True:
            try:
                return await engine.calendar(expert_id)
            except EpochMissing:
                await asyncio.sleep(0.01)
