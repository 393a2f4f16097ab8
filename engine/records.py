"""A booking in its three other shapes: the values that Lua exchanges, the outbox entry, the MongoDB document."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from engine.model import Booking, Change, Place, Slot, Status

FIELDS = (
    "id", "rev", "status", "slot", "seat", "start", "end", "created", "updated", "body", "history", "idem",
    "fingerprint",
)  # fmt: skip
"""The order of ``lua/includes/booking.lua``."""


def dump_body(name: str, email: str, phone: str, notes: str) -> bytes:
    """What never changes in a booking, as the JSON that Redis carries without looking into it."""
    return orjson.dumps((name, email, phone, notes))


def to_values(booking: Booking) -> tuple[bytes | str | int, ...]:
    """A booking as the arguments of ``restore.lua``."""
    return (
        booking.id,
        booking.revision,
        booking.status.value,
        booking.slot_id,
        booking.seat,
        booking.start,
        booking.end,
        booking.created_at,
        booking.updated_at,
        dump_body(booking.name, booking.email, booking.phone, booking.notes),
        orjson.dumps([change_to_dict(change) for change in booking.history])[1:-1],
        booking.idempotency or "",
        booking.fingerprint or "",
    )


def from_values(values: Sequence[bytes]) -> Booking:
    """A booking from what a script answered."""
    name, email, phone, notes = orjson.loads(values[9])
    history = orjson.loads(b"[" + values[10] + b"]")
    return Booking(
        values[0].decode(),
        int(values[1]),
        Status(values[2].decode()),
        values[3].decode(),
        int(values[4]),
        int(values[5]),
        int(values[6]),
        name,
        email,
        phone,
        notes,
        int(values[7]),
        int(values[8]),
        tuple(change_from_dict(change) for change in history),
        values[11].decode() or None,
        values[12].decode() or None,
    )


def from_entry(fields: Sequence[bytes]) -> Booking | Slot:
    """A booking or a slot from the flat field–value list of an outbox entry or a booking hash.

    Raises KeyError or ValueError for an entry that is neither.
    """
    values = dict(zip(fields[::2], fields[1::2], strict=True))
    if b"record" in values:
        return Slot.from_record(values[b"slot"].decode(), values[b"record"].decode())
    return from_values([values[field.encode()] for field in FIELDS])


def change_to_dict(change: Change) -> dict[str, Any]:
    return {
        "at": change.at,
        "from": change.from_status and change.from_status.value,
        "to": change.to_status.value,
        "by": change.by,
        "reason": change.reason,
        **(
            {"slot": place.slot_id, "seat": place.seat, "start": place.start, "end": place.end}
            if (place := change.place)
            else {}
        ),
    }


def change_from_dict(value: dict[str, Any]) -> Change:
    before = value["from"]
    place = None
    if "slot" in value:
        place = Place(value["slot"], int(value["seat"]), int(value["start"]), int(value["end"]))
    return Change(
        int(value["at"]), Status(before) if before else None, Status(value["to"]), value["by"], value["reason"], place
    )


def to_document(booking: Booking) -> dict[str, Any]:
    """The MongoDB document. ``idem`` is absent, not null, without an Idempotency-Key: its unique index is partial."""
    document: dict[str, Any] = {
        "_id": booking.id,
        "expertId": booking.expert_id,
        "rev": booking.revision,
        "status": booking.status.value,
        "active": booking.active,
        "slotId": booking.slot_id,
        "seat": booking.seat,
        "start": booking.start,
        "end": booking.end,
        "name": booking.name,
        "email": booking.email,
        "emailKey": booking.email.casefold(),
        "phone": booking.phone,
        "notes": booking.notes,
        "createdAt": booking.created_at,
        "updatedAt": booking.updated_at,
        "history": [change_to_dict(change) for change in booking.history],
        "fingerprint": booking.fingerprint,
    }  # fmt: skip
    if booking.idempotency:
        document["idem"] = booking.idempotency
    return document


def from_document(document: dict[str, Any]) -> Booking:
    # PyMongo reads 64-bit numbers as a subclass of int, which hiredis will not pack.
    return Booking(
        document["_id"],
        int(document["rev"]),
        Status(document["status"]),
        document["slotId"],
        int(document["seat"]),
        int(document["start"]),
        int(document["end"]),
        document["name"],
        document["email"],
        document["phone"],
        document["notes"],
        int(document["createdAt"]),
        int(document["updatedAt"]),
        tuple(change_from_dict(change) for change in document["history"]),
        document.get("idem"),
        document.get("fingerprint"),
    )
