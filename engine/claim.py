"""What is asked of the desk, what comes of it, and the call of ``book.lua`` in between."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from engine.model import Booking, Change, Place, Status, digest
from engine.wire import Arg


@dataclass(slots=True)
class Request:
    """What a customer asks for. ``key`` is the Idempotency-Key, if any."""

    expert_id: str
    slot_id: str
    name: str
    email: str
    phone: str
    notes: str = ""
    key: str | None = None
    hold: str = ""
    """Token of a hold on the slot."""
    who: str = ""
    """Stands for the customer whose bookings with the expert are limited; empty: they are not."""

    def fingerprint(self) -> str:
        """The same for the same request, whatever the order and spacing of its JSON was."""
        return digest(
            orjson.dumps((self.expert_id, self.slot_id, self.name, self.email, self.phone, self.notes, self.hold))
        )


@dataclass(slots=True)
class Booked:
    booking: Booking
    replayed: bool = False
    """The same Idempotency-Key has made this booking before."""
    durable: bool = True
    """False: claimed, but MongoDB has not confirmed in time."""


@dataclass(slots=True)
class Claim:
    """A call of ``book.lua``: however often it is made, it claims one seat for one booking."""

    request: Request
    by: str
    booking_id: str
    fingerprint: str
    key_digest: str
    mine: str
    keys: tuple[str, ...]
    args: tuple[Arg, ...]

    def booking(self, answer: Sequence[Any]) -> Booking:
        """What the answer ``ok`` has made."""
        request, at = self.request, int(answer[4])
        place = Place(request.slot_id, int(answer[1]), int(answer[2]), int(answer[3]))
        return Booking(
            self.booking_id, 1, Status.PENDING, *place, request.name, request.email, request.phone, request.notes, at,
            at, (Change(at, None, Status.PENDING, self.by, None, place),), self.key_digest or None, self.fingerprint,
        )  # fmt: skip
