"""What a slot should be, as far as the evidence goes. Pure functions."""

from __future__ import annotations

from dataclasses import replace

from engine.evidence import Evidence
from engine.invariants import newest
from engine.model import BOOKED, FREE, HELD, Slot


def in_use(evidence: Evidence, slot_id: str) -> Slot | None:
    """A slot that MongoDB lacks, as far as Redis or its bookings can tell; None if nobody has a seat of it."""
    live = evidence.slot(slot_id)
    owners = {seat: bookings[0] for (slot, seat), bookings in evidence.owners().items() if slot == slot_id}
    if live is None and owners:
        booking = owners[max(owners)]
        return Slot(slot_id, booking.start, booking.end, FREE * max(owners))
    if live and (owners or BOOKED in live.seatmap or HELD in live.seatmap):
        return replace(live, seatmap=live.seatmap.ljust(max([0, *owners]), FREE))
    return None


def rightful(evidence: Evidence, slot_id: str) -> Slot | None:
    """A slot as it should be in Redis; None if it should not be there.

    As many seats as MongoDB says, unless a booking has one beyond; each booked if it has an owner; held ones stay so,
    and so do those that are just changing hands.
    """
    stored, live = newest(evidence, slot_id), evidence.slot(slot_id)
    if stored is None:
        return None
    right = live if live and live.revision > stored.revision else stored
    owners = {seat for slot, seat in evidence.owners() if slot == slot_id}
    seats = max([right.seats, *owners])
    marks = live.seatmap.ljust(seats, FREE)[:seats] if live else FREE * seats
    for seat in range(1, seats + 1):
        if live is None or seat > live.seats or evidence.still(slot_id, seat):
            mark = BOOKED if seat in owners else HELD if marks[seat - 1] == HELD else FREE
            marks = marks[: seat - 1] + mark + marks[seat:]
    held_until = live.held_until if live else 0
    return Slot(slot_id, stored.start, right.end, marks, right.closed, right.revision, held_until)


def as_near_as_can_be(evidence: Evidence, slot_id: str) -> bool:
    """Whether all that keeps a slot from being as MongoDB has it are bookings of seats that MongoDB does not know."""
    live, right = evidence.slot(slot_id), rightful(evidence, slot_id)
    return live is not None and right is not None and live.shape == right.shape
