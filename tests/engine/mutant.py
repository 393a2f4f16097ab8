"""A claim that is not atomic, on purpose: it reads the slot, decides in Python, and writes. Never for use.

Its effects are those of ``lua/book.lua``. That it oversells where the engine does not shows that the contention tests
can see a double booking at all.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace

from engine.claim import Booked, Request
from engine.engine import Engine
from engine.errors import SlotTaken
from engine.model import BOOKED, FREE, Booking, Change, Place, Slot, Status, new_booking_id
from engine.records import to_record


async def book(engine: Engine, request: Request) -> Booked:
    """Raises SlotTaken."""
    partition = engine.keys.of(request.expert_id)
    command = engine.calls.command
    epoch, calendar, version_key, log, channel = partition.feed(request.expert_id)

    record = await command("HGET", calendar, request.slot_id)
    slot = Slot.from_record(request.slot_id, record.decode())
    if FREE not in slot.seatmap:
        raise SlotTaken()
    seat = slot.seatmap.index(FREE) + 1
    taken = replace(slot, seatmap=slot.seatmap[: seat - 1] + BOOKED + slot.seatmap[seat:])

    (at,) = await engine.calls.clocks([partition.epoch])
    booking = Booking(
        new_booking_id(request.expert_id),
        1,
        Status.PENDING,
        slot.id,
        seat,
        slot.start,
        slot.end,
        request.name,
        request.email,
        request.phone,
        request.notes,
        at,
        at,
        (Change(at, None, Status.PENDING, "customer", place=Place(slot.id, seat, slot.start, slot.end)),),
        None,
        request.fingerprint(),
    )
    made = to_record(booking)
    version = await command("INCR", version_key)
    event = f"{(await command('GET', epoch)).decode()} {version} {slot.id} {taken.record}"
    _, entry, *_ = await asyncio.gather(
        command("HSET", calendar, slot.id, taken.record),
        command("XADD", partition.outbox, "*", "booking", made),
        command("SET", partition.booking(booking.id), made),
        command("DEL", log),  # its entries would come in any order, which Redis refuses
        command("PUBLISH", channel, event),
    )
    await engine.journal.commit(booking, entry)
    return Booked(booking)
