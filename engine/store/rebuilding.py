"""What a rebuild of Redis needs of MongoDB: of some experts at once, or of one, as much as can be read.

A document that cannot be read (somebody has been at it by hand, say) takes nothing else with it. What must not happen
is that the seat of a booking is given away because the booking cannot be read.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from engine.model import BOOKED, Booking, Slot, Status
from engine.store.slots import from_document, utc_day

if TYPE_CHECKING:
    from engine.store import Store

log = logging.getLogger("slotline.rebuild")

Document = dict[str, Any]
Calendar = tuple[dict[str, Slot], list[Booking]]
"""Slots by id, without their bookings; and the bookings."""

NEEDED = ("_id", "slotId", "seat", "active", "status", "end", "idem", "fingerprint")
"""Of a booking."""

RECORD = re.compile(r"\d+ \d+ \d+ [012] 0 \.+")
"""A slot that ``lua/load.lua`` takes."""


async def read(store: Store, expert_ids: Sequence[str], since: int) -> dict[str, Calendar]:
    """By expert: the slots, and the bookings, that end at ``since`` (epoch seconds) or later. A slot without its
    bookings' keys would answer in their place. Raises PyMongoError; and anything, for what cannot be read."""
    found: dict[str, Calendar] = {expert_id: ({}, []) for expert_id in expert_ids}
    async for slot in store.slots.since(expert_ids, utc_day(since)):
        if slot.end >= since:
            found[slot.expert_id][0][slot.id] = slot
    async for booking in store.bookings.since(expert_ids, since):
        found[booking.expert_id][1].append(booking)
    return found


async def salvage(store: Store, expert_id: str, since: int) -> Calendar:
    """The same of one expert, without the slots that cannot be read, and of bookings what a rebuild needs: the rest of
    them may be what it likes. Raises PyMongoError; and anything, if there is a booking of which not even its seat can
    be read."""
    slots: dict[str, Slot] = {}
    async for day in store.slots.days([expert_id], utc_day(since)):
        for document in listed(day):
            try:
                slot = sound(document, expert_id)
            except Exception as error:
                log.error("a slot in %s cannot be read and is not on sale: %r: %s", day["_id"], error, document)
                continue
            if slot.end >= since:
                slots[slot.id] = slot
    return slots, [remains(each) async for each in store.bookings.documents([expert_id], since, NEEDED)]


def listed(day: Document) -> list[Any]:
    slots = day.get("slots")
    if isinstance(slots, list):
        return slots
    log.error("the slots of %s cannot be read and are not on sale", day["_id"])
    return []


def sound(document: Document, expert_id: str) -> Slot:
    """Raises what there is to raise if that is no slot of this expert."""
    slot = from_document(document)
    if slot.expert_id != expert_id or not RECORD.fullmatch(slot.record):
        raise ValueError("it is no slot of theirs")
    return slot


def remains(document: Document) -> Booking:
    """A booking with its seat, its key and nothing else. Raises KeyError, TypeError or ValueError if it may have a seat
    and that cannot be read."""
    active = document.get("active")
    if not isinstance(active, bool):
        active = Status(document["status"]) is not Status.CANCELLED
    slot_id, seat = (document["slotId"], int(document["seat"])) if active else ("", 0)
    if active and (not isinstance(slot_id, str) or seat < 1):
        raise ValueError(f"booking {document['_id']} has seat {seat} of {slot_id}")
    status = Status.PENDING if active else Status.CANCELLED
    idem, fingerprint = document.get("idem"), document.get("fingerprint")
    end = int(document["end"])
    return Booking(
        document["_id"], 0, status, slot_id, seat, 0, end, "", "", "", "", 0, 0, (), idem, fingerprint
    )  # fmt: skip


def taken(slots: dict[str, Slot], bookings: Iterable[Booking]) -> list[Slot]:
    """The slots with the seats of the active bookings marked."""
    seatmaps: dict[str, list[str]] = {}
    for booking in bookings:
        slot = slots.get(booking.slot_id)
        if booking.active and slot and booking.seat <= slot.seats:
            seatmaps.setdefault(slot.id, list(slot.seatmap))[booking.seat - 1] = BOOKED
    return [
        replace(slot, seatmap="".join(seatmaps[slot.id])) if slot.id in seatmaps else slot for slot in slots.values()
    ]
