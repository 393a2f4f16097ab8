"""The engine's objects as the contract spells them."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from engine.changes import Arranged
from engine.model import Booking, Expert, Page, Slot


@lru_cache(maxsize=65_536)
def instant(epoch_seconds: int) -> str:
    """RFC 3339 in UTC, whole seconds."""
    return datetime.fromtimestamp(epoch_seconds, UTC).isoformat()[:19] + "Z"


@lru_cache(maxsize=4096)  # a new booking has the same three times
def moment(epoch_ms: int) -> str:
    """RFC 3339 in UTC, milliseconds."""
    return f"{instant(epoch_ms // 1000)[:-1]}.{epoch_ms % 1000:03d}Z"


def slot(slot: Slot, now_ms: int) -> dict[str, Any]:
    return {
        "id": slot.id,
        "start": instant(slot.start),
        "end": instant(slot.end),
        "state": slot.state(now_ms).value,
        "seats": slot.seats,
        "free": slot.free,
        "heldUntil": moment(slot.held_until) if slot.held_until > now_ms else None,
    }


def page(name: str, items: list[dict[str, Any]], of: Page) -> dict[str, Any]:
    return {name: items, "page": of.page, "limit": of.limit, "total": of.total, "pages": of.pages}


def arranged(arranged: Arranged) -> dict[str, int]:
    return {
        "added": arranged.added,
        "opened": arranged.opened,
        "closed": arranged.closed,
        "bookings": arranged.bookings,
        "leftOut": arranged.left_out,
        "held": arranged.held,
    }


def expert_summary(expert: Expert, next_open: int | None) -> dict[str, Any]:
    return {
        "id": expert.id,
        "name": expert.name,
        "category": expert.category,
        "headline": expert.headline,
        "experience": expert.experience,
        "rating": expert.rating,
        "reviewCount": expert.review_count,
        "avatarUrl": expert.avatar_url,
        "nextOpen": instant(next_open) if next_open else None,
    }


def expert_detail(expert: Expert, next_open: int | None) -> dict[str, Any]:
    return {
        **expert_summary(expert, next_open),
        "bio": expert.bio,
        "languages": expert.languages,
        "timeZone": expert.time_zone,
    }


def expert_record(expert: Expert) -> dict[str, Any]:
    return {
        "id": expert.id,
        "name": expert.name,
        "category": expert.category,
        "headline": expert.headline,
        "bio": expert.bio,
        "languages": expert.languages,
        "timeZone": expert.time_zone,
        "experience": expert.experience,
        "rating": expert.rating,
        "reviewCount": expert.review_count,
        "email": expert.email,
        "phone": expert.phone,
        "avatarUrl": expert.avatar_url,
    }


def booking(booking: Booking, expert: Expert | None) -> dict[str, Any]:
    """``expert`` is None for one who is gone; the booking still says which it was."""
    return {
        "id": booking.id,
        "status": booking.status.value,
        "expert": contact(expert)
        if expert
        else {"id": booking.expert_id, "name": "", "category": "", "email": "", "phone": ""},
        "slot": {"id": booking.slot_id, "start": instant(booking.start), "end": instant(booking.end)},
        "name": booking.name,
        "email": booking.email,
        "phone": booking.phone,
        "notes": booking.notes,
        "createdAt": moment(booking.created_at),
        "updatedAt": moment(booking.updated_at),
        "history": [
            {
                "at": moment(change.at),
                "from": change.from_status,
                "to": change.to_status,
                "by": change.by,
                "reason": change.reason,
            }
            for change in booking.history
        ],
    }


def contact(expert: Expert) -> dict[str, Any]:
    return {
        "id": expert.id,
        "name": expert.name,
        "category": expert.category,
        "email": expert.email,
        "phone": expert.phone,
    }
