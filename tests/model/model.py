"""What the engine should answer, in plain Python: one thread, no stores, and holds that are over because we say so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from engine.claim import Request
from engine.errors import (
    BookingNotFound,
    HoldExpired,
    HoldNotFound,
    IdempotencyKeyReused,
    InvalidTransition,
    SlotClosed,
    SlotHeld,
    SlotTaken,
)
from engine.model import ACTIVE, BOOKED, FREE, HELD, TRANSITIONS, Booking, SlotState, Status, slot_of_hold


class Line(NamedTuple):
    """One entry of a booking's history; the place only where the booking got it."""

    from_status: str | None
    to_status: str
    by: str
    reason: str | None
    slot_id: str | None = None
    seat: int | None = None


class Seen(NamedTuple):
    """What of a booking the model predicts: all but its moments."""

    id: str
    revision: int
    status: str
    slot_id: str
    seat: int
    name: str
    history: tuple[Line, ...]


def seen(booking: Booking) -> Seen:
    lines = tuple(
        Line(
            change.from_status and change.from_status.value,
            change.to_status.value,
            change.by,
            change.reason,
            *(change.place[:2] if change.place else ()),
        )
        for change in booking.history
    )
    return Seen(booking.id, booking.revision, booking.status.value, booking.slot_id, booking.seat, booking.name, lines)


@dataclass
class ModelHold:
    seat: int
    ends: int
    over: bool


@dataclass
class ModelSlot:
    marks: list[str]
    closed: int = 0
    """1: by hand, 2: by hours."""
    revision: int = 0
    holds: dict[str, ModelHold] = field(default_factory=dict)
    """Also those that are over, until something tidies the slot up."""

    @property
    def picture(self) -> tuple[str, int, int, int]:
        """Seatmap, closed, revision, and when the first hold ends."""
        first = min((hold.ends for hold in self.holds.values()), default=0)
        return "".join(self.marks), self.closed, self.revision, first

    @property
    def state(self) -> SlotState:
        if self.closed:
            return SlotState.CLOSED
        if FREE in self.marks:
            return SlotState.OPEN
        return SlotState.HELD if HELD in self.marks else SlotState.BOOKED

    def live(self, token: str) -> ModelHold | None:
        hold = self.holds.get(token)
        return hold if hold and not hold.over else None

    def free_seat(self) -> int:
        """The first seat that nobody has. Raises SlotHeld, SlotTaken."""
        over = {hold.seat for hold in self.holds.values() if hold.over}
        for seat, mark in enumerate(self.marks, 1):
            if mark == FREE or seat in over:
                return seat
        if HELD in self.marks:
            raise SlotHeld()
        raise SlotTaken()

    def tidy(self) -> int:
        """Gives back what is over, as every change of a slot does on its way."""
        over = [token for token, hold in self.holds.items() if hold.over]
        for token in over:
            self.marks[self.holds.pop(token).seat - 1] = FREE
        return len(over)

    def let_go(self, token: str) -> None:
        self.marks[self.holds.pop(token).seat - 1] = FREE


class Model:
    def __init__(self, seats: dict[str, int]) -> None:
        self.slots = {slot_id: ModelSlot([FREE] * count) for slot_id, count in seats.items()}
        self.bookings: dict[str, Seen] = {}
        self._keys: dict[str, tuple[Request, Seen]] = {}

    def hold(self, slot_id: str, token: str, ends: int, over: bool) -> None:
        slot = self._open(slot_id)
        seat = slot.free_seat()
        slot.tidy()
        slot.marks[seat - 1] = HELD
        slot.holds[token] = ModelHold(seat, ends, over)

    def renew(self, token: str, ends: int) -> None:
        slot, hold = self._held(token)
        assert ends >= hold.ends
        slot.tidy()
        hold.ends = ends

    def release(self, token: str) -> None:
        slot, _ = self._held(token)
        slot.tidy()
        slot.let_go(token)

    def sweep(self) -> int:
        return sum(slot.tidy() for slot in self.slots.values())

    def book(self, request: Request, booking_id: str) -> tuple[Seen, bool]:
        """The booking, with the id that the engine has given it, and whether it is a replay."""
        asked = replace(request, key=None)
        if request.key in self._keys:
            known, first = self._keys[request.key]
            if known != asked:
                raise IdempotencyKeyReused()
            return first, True
        slot = self.slots[request.slot_id]
        hold = slot.live(request.hold)
        if slot.closed and not (hold and slot.closed == 2):
            raise SlotClosed()
        if hold:
            seat = hold.seat
            slot.let_go(request.hold)
        else:
            try:
                seat = slot.free_seat()
            except (SlotHeld, SlotTaken):
                if request.hold:
                    raise HoldExpired() from None
                raise
        slot.tidy()
        slot.marks[seat - 1] = BOOKED
        made = Line(None, "pending", "customer", None, request.slot_id, seat)
        booking = Seen(booking_id, 1, "pending", request.slot_id, seat, request.name, (made,))
        self.bookings[booking_id] = booking
        if request.key:
            self._keys[request.key] = (asked, booking)
        return booking, False

    def change(self, booking_id: str, to: Status, by: str, reason: str | None) -> Seen:
        booking = self.booking(booking_id)
        if booking.status == to:
            return booking
        if to not in TRANSITIONS[Status(booking.status)]:
            raise InvalidTransition()
        if to is Status.CANCELLED:
            self.slots[booking.slot_id].marks[booking.seat - 1] = FREE
        return self._changed(booking, Line(booking.status, to.value, by, reason))

    def reschedule(self, booking_id: str, slot_id: str, by: str, reason: str | None) -> Seen:
        booking = self.booking(booking_id)
        if booking.status not in ("pending", "confirmed"):
            raise InvalidTransition()
        if booking.slot_id == slot_id:
            return booking
        slot = self._open(slot_id)
        seat = slot.free_seat()
        slot.tidy()
        slot.marks[seat - 1] = BOOKED
        self.slots[booking.slot_id].marks[booking.seat - 1] = FREE
        return self._changed(booking, Line(booking.status, booking.status, by, reason, slot_id, seat))

    def booking(self, booking_id: str) -> Seen:
        if booking_id not in self.bookings:
            raise BookingNotFound()
        return self.bookings[booking_id]

    def shutter(self, slot_id: str, closed: int) -> tuple[str, int, int, int]:
        slot = self.slots[slot_id]
        if slot.closed != closed:
            slot.closed = closed
            slot.revision += 1
        return slot.picture

    def faults(self) -> Iterator[str]:
        """Where the model itself breaks the promise: a seat with two bookings, or kept by nobody."""
        owners: dict[tuple[str, int], str] = {}
        for booking in self.bookings.values():
            if booking.status in ACTIVE:
                other = owners.setdefault((booking.slot_id, booking.seat), booking.id)
                if other != booking.id:
                    yield f"{other} and {booking.id} have the same seat"
        for slot_id, slot in self.slots.items():
            for seat, mark in enumerate(slot.marks, 1):
                if (mark == BOOKED) != ((slot_id, seat) in owners):
                    yield f"seat {seat} of {slot_id} is {mark!r}"

    def _open(self, slot_id: str) -> ModelSlot:
        slot = self.slots[slot_id]
        if slot.closed:
            raise SlotClosed()
        return slot

    def _held(self, token: str) -> tuple[ModelSlot, ModelHold]:
        slot = self.slots.get(slot_of_hold(token))
        hold = slot.live(token) if slot else None
        if slot is None or hold is None:
            raise HoldNotFound()
        return slot, hold

    def _changed(self, booking: Seen, line: Line) -> Seen:
        changed = booking._replace(
            revision=booking.revision + 1,
            status=line.to_status,
            slot_id=line.slot_id or booking.slot_id,
            seat=line.seat or booking.seat,
            history=(*booking.history, line),
        )
        self.bookings[booking.id] = changed
        return changed
