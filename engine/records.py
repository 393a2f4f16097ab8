"""A booking in its other shapes: the record that Redis has (live copy and outbox entry), the MongoDB document."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from engine.model import Booking, Change, Place, Slot, Status
from engine.text import email_key

NONE = "-"
"""In a record, for a digest that there is not."""


def dump_body(name: str, email: str, phone: str, notes: str) -> bytes:
    """What never changes in a booking, as the JSON that Redis carries without looking into it."""
    return orjson.dumps((name, email, phone, notes))


def to_record(booking: Booking) -> bytes:
    """A booking as ``lua/includes/booking.lua`` reads and writes it."""
    head = (
        f"{booking.id} {booking.revision} {booking.status.value} {booking.slot_id} {booking.seat} {booking.start} "
        f"{booking.end} {booking.created_at} {booking.updated_at} "
        f"{booking.idempotency or NONE} {booking.fingerprint or NONE}"
    )
    body = dump_body(booking.name, booking.email, booking.phone, booking.notes)
    history = orjson.dumps([change_to_dict(change) for change in booking.history])[1:-1]
    return b"%b\n%b\n%b" % (head.encode(), body, history)


def from_record(record: bytes) -> Booking:
    """Raises ValueError for what is no record."""
    head, body, changes = record.split(b"\n")
    booking_id, revision, status, slot_id, seat, start, end, created, updated, idem, fingerprint = head.decode().split(
        " "
    )
    try:
        name, email, phone, notes = orjson.loads(body)
        made, *later = (change_from_dict(change) for change in orjson.loads(b"[%b]" % changes))
    except (KeyError, TypeError) as error:
        raise ValueError(f"not what a booking says: {error!r}") from None
    return Booking(
        booking_id,
        int(revision),
        Status(status),
        slot_id,
        int(seat),
        int(start),
        int(end),
        name,
        email,
        phone,
        notes,
        int(created),
        int(updated),
        (made, *later),
        None if idem == NONE else idem,
        None if fingerprint == NONE else fingerprint,
    )


def from_entry(fields: Sequence[bytes]) -> Booking | Slot:
    """A booking or a slot from the flat field–value list of an outbox entry.

    Raises KeyError or ValueError for an entry that is neither.
    """
    values = dict(zip(fields[::2], fields[1::2], strict=True))
    if b"booking" in values:
        return from_record(values[b"booking"])
    return Slot.from_record(values[b"slot"].decode(), values[b"record"].decode())


def subject_of(fields: Sequence[bytes]) -> str:
    """The id of what an outbox entry is about, readable or not: its first value begins with it."""
    return fields[1].partition(b" ")[0].decode(errors="replace")


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
        "emailKey": email_key(booking.email),
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
