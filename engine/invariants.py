"""What must be true of an expert's slots and bookings, checked on `Evidence`. Pure functions: no I/O, no clock.

=====================  ==============================================================================================
kind                   the fault
=====================  ==============================================================================================
``double-booking``     two active bookings have one seat
``ghost-seat``         a seat is booked in Redis, and nobody has the booking
``lost-seat``          a booking has a seat that Redis does not show as booked
``ghost-hold``         a seat is held in Redis, and nobody holds it
``stale-hold``         a hold is long over and still keeps its seat
``stray-hold``         a hold's seat is not held, or is another hold's as well
``held-until``         a slot's or the sweeper's idea of its first expiry is not that of its holds
``slot-missing``       MongoDB has a coming slot that Redis lacks
``slot-lost``          a coming booking's slot is in neither
``slot-unknown``       Redis has a coming slot that MongoDB lacks
``slot-unreadable``    a calendar entry that is no slot record
``slot-differs``       start, end, closed, revision or number of seats are not the same in both
``slot-unwritten``     a slot was closed or opened, and neither MongoDB nor the outbox knows
``booking-behind``     Redis has an older revision of a booking than MongoDB
``booking-differs``    the same revision of a booking says different things, or cannot be read
``booking-unwritten``  Redis has a booking, or a newer revision, that neither MongoDB nor the outbox knows
``key-differs``        an Idempotency-Key's record does not name the booking that it made
``unfenced``           MongoDB's fence does not take a booking for what its status says
``version-lost``       an expert has a calendar and no version
``expert-unlisted``    an expert has a calendar and is not in the partition's set of experts
=====================  ==============================================================================================
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from engine.evidence import Evidence
from engine.model import BOOKED, HELD, Booking, Slot

SWEPT_LATE = 10_000
"""Ms after its end at which a hold should have been swept."""

SLACK = 60
"""Seconds around the horizon, behind which past slots leave Redis, that nobody judges: clocks differ."""

SEATS = frozenset({"double-booking", "ghost-seat", "lost-seat", "ghost-hold"})
"""Kinds that hold only if nothing happened to the seat while the evidence was read."""

GHOSTS = frozenset({"ghost-seat", "ghost-hold"})
"""Those of them that are over when something has happened to it: it was given back, or has an owner."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A fault. ``subject`` is the id of what it is about; equal findings are the same fault seen again."""

    kind: str
    partition: int
    subject: str
    detail: str
    expert_id: str = field(default="", compare=False)
    seat: int = field(default=0, compare=False)
    """For the kinds in `SEATS`."""


@dataclass(frozen=True, slots=True)
class Clock:
    """Epoch seconds: now, before which past slots may be gone from Redis, and before which idempotency records may."""

    now: int
    horizon: int
    keep: int
    """Seconds that an idempotency record outlives its booking's slot."""


def faults(evidence: Evidence, partition: int, clock: Clock) -> list[Finding]:
    """Everything that is wrong with an expert."""
    found = [*_slots(evidence, clock), *_seats(evidence, clock), *_holds(evidence, clock)]
    found += [*_bookings(evidence, clock), *_keys(evidence, clock)]
    if evidence.records and not evidence.listed:
        found.append(("expert-unlisted", evidence.expert_id, "it has a calendar and is not listed"))
    if evidence.records and not evidence.versioned:
        found.append(("version-lost", evidence.expert_id, "it has a calendar and no version"))
    return [
        Finding(kind, partition, subject, detail, evidence.expert_id, *seat) for kind, subject, detail, *seat in found
    ]


Fault = tuple[str, str, str] | tuple[str, str, str, int]


def _slots(evidence: Evidence, clock: Clock) -> Iterator[Fault]:
    soon = clock.now + SLACK
    for slot in evidence.stored_slots.values():
        if slot.id not in evidence.records and slot.start > soon:
            yield "slot-missing", slot.id, f"{slot.seats} seats in MongoDB, not in Redis"
    for slot_id, booking in {slot_id: each[0] for (slot_id, _), each in evidence.owners().items()}.items():
        if slot_id not in evidence.records and newest(evidence, slot_id) is None and booking.start > soon:
            yield "slot-lost", slot_id, "it has bookings, and is neither in Redis nor in MongoDB"
    for slot_id, record in evidence.records.items():
        live = evidence.slots.get(slot_id)
        if live is None:
            yield "slot-unreadable", slot_id, f"Redis has {record[:60]!r}"
            continue
        stored = newest(evidence, slot_id)
        if stored is None:
            if live.start > soon:
                yield "slot-unknown", slot_id, f"{live.seats} seats in Redis, not in MongoDB"
        elif live.revision > stored.revision and live.start == stored.start:
            yield "slot-unwritten", slot_id, f"revision {live.revision} in Redis, {stored.revision} in MongoDB"
        elif differing := list(_differences(live, stored)):
            yield "slot-differs", slot_id, "; ".join(differing)


def newest(evidence: Evidence, slot_id: str) -> Slot | None:
    """A slot as MongoDB has it, or will have when the outbox is written."""
    stored, pending = evidence.stored_slots.get(slot_id), evidence.pending_slots.get(slot_id)
    return pending if pending and (stored is None or pending.revision > stored.revision) else stored


def _differences(live: Slot, stored: Slot) -> Iterator[str]:
    if live.start != stored.start:
        yield f"start: {live.start} in Redis, {stored.start} in MongoDB"
    if live.revision < stored.revision:
        yield f"revision {live.revision} in Redis, {stored.revision} in MongoDB"
    elif live.closed != stored.closed:
        yield f"closed: {live.closed} in Redis, {stored.closed} in MongoDB"
    if live.end != stored.end:
        yield f"end: {live.end} in Redis, {stored.end} in MongoDB"
    if live.seats != stored.seats:
        yield f"seats: {live.seats} in Redis, {stored.seats} in MongoDB"


def _seats(evidence: Evidence, clock: Clock) -> Iterator[Fault]:
    owners = evidence.owners()
    for (slot_id, seat), bookings in owners.items():
        if len(bookings) > 1:
            yield "double-booking", slot_id, f"seat {seat} has {', '.join(sorted(b.id for b in bookings))}", seat
        live = evidence.slots.get(slot_id)
        if live and (len(live.seatmap) < seat or live.seatmap[seat - 1] != BOOKED):
            yield "lost-seat", slot_id, f"seat {seat} of {bookings[0].id} is not booked in Redis", seat
    for slot in evidence.slots.values():
        if slot.end < clock.horizon + SLACK:
            continue
        held = evidence.holds[slot.id].seats() if slot.id in evidence.holds else set()
        for seat, mark in enumerate(slot.seatmap, 1):
            if mark == BOOKED and (slot.id, seat) not in owners:
                yield "ghost-seat", slot.id, f"seat {seat} is booked by nobody", seat
            elif mark == HELD and seat not in held and (slot.id, seat) not in owners:
                yield "ghost-hold", slot.id, f"seat {seat} is held by nobody", seat


def _holds(evidence: Evidence, clock: Clock) -> Iterator[Fault]:
    for slot_id, holds in evidence.holds.items():
        try:
            told = Slot.from_record(slot_id, holds.record).held_until if holds.record else 0
        except ValueError:
            continue
        first = min(holds.tokens.values(), default=0)
        if first and first < clock.now * 1000 - SWEPT_LATE:
            yield "stale-hold", slot_id, f"a hold ended at {first} and was not swept"
        elif not told == first == holds.due:
            yield "held-until", slot_id, f"first expiry {first}; the slot says {told}, the sweeper {holds.due}"
        elif set(holds.tokens) != set(holds.holders):
            yield "held-until", slot_id, f"{len(holds.tokens)} holds end, {len(holds.holders)} have a seat"
        elif astray := holds.astray():
            yield "stray-hold", slot_id, f"{', '.join(map(str, astray))}: not held, or by two"


def _bookings(evidence: Evidence, clock: Clock) -> Iterator[Fault]:
    for booking_id in sorted(evidence.unfenced):
        booking = evidence.stored[booking_id]
        yield "unfenced", booking_id, f"it is {booking.status}, and the fence has it {'not ' * booking.active}active"
    for booking_id in evidence.copies.keys() - evidence.live.keys():
        yield "booking-differs", booking_id, "the live copy cannot be read"
    for live in evidence.live.values():
        stored, pending = evidence.stored.get(live.id), evidence.pending.get(live.id)
        if stored is None and live.end < clock.horizon + SLACK:
            continue  # MongoDB was not asked for bookings of so long ago
        written = max(stored.revision if stored else 0, pending.revision if pending else 0)
        if live.revision > written:
            yield "booking-unwritten", live.id, f"revision {live.revision} in Redis, {written} in MongoDB"
        elif stored and live.revision < stored.revision:
            yield "booking-behind", live.id, f"revision {live.revision} in Redis, {stored.revision} in MongoDB"
        elif stored and live.revision == stored.revision and live != stored:
            yield "booking-differs", live.id, f"revision {live.revision}: {', '.join(_fields(live, stored))}"


def _fields(live: Booking, stored: Booking) -> Iterator[str]:
    for name in ("status", "slot_id", "seat"):
        if getattr(live, name) != getattr(stored, name):
            yield f"{name} {getattr(live, name)} in Redis, {getattr(stored, name)} in MongoDB"
    if live.history != stored.history:
        yield "their histories differ"
    elif (live.status, live.slot_id, live.seat) == (stored.status, stored.slot_id, stored.seat):
        yield "what the customer wrote, or when, differs"


def _keys(evidence: Evidence, clock: Clock) -> Iterator[Fault]:
    for booking_id, record in evidence.keyed.items():
        booking = evidence.stored[booking_id]
        ends = [change.place.end for change in booking.history if change.place] or [booking.end]
        if record != key_record(booking) and (record or min(ends) + clock.keep > clock.now + SLACK):
            yield "key-differs", booking_id, f"Redis has {record or 'nothing'!r}"


def key_record(booking: Booking) -> str:
    return f"{booking.fingerprint} {booking.id}"
