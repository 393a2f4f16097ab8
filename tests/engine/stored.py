"""Bookings for a store that knows nothing of Redis."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from engine.model import Booking, Change, Status, new_booking_id, new_slot


def booking(expert_id: str, number: int, at: int, **change: Any) -> Booking:
    slot = new_slot(expert_id, 4_000_000_020 + 1800 * number, 4_000_001_820 + 1800 * number)
    return replace(
        Booking(
            new_booking_id(expert_id), 1, Status.PENDING, slot.id, 1, slot.start, slot.end, "Ann", "Ann@Example.com",
            "+493012345", "", at, at, (Change(at, None, Status.PENDING, "customer"),), None, "print",
        ),
        **change,
    )  # fmt: skip


def cancelled(booking: Booking) -> Booking:
    at = booking.updated_at + 1
    change = Change(at, booking.status, Status.CANCELLED, "customer")
    return replace(
        booking, revision=booking.revision + 1, status=Status.CANCELLED, updated_at=at,
        history=(*booking.history, change),
    )  # fmt: skip
