"""What an administrator sends."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

EXPERT: dict[str, Any] = {
    "name": "Renée D’Arcy-O'Brien",
    "category": "Law",
    "headline": "Tenancy law",
    "bio": "Since 2010.\nIn two cities.",
    "languages": ["English", "Français"],
    "timeZone": "Europe/Paris",
    "experience": 15,
    "rating": 4.8,
    "reviewCount": 12,
    "email": "renee+work@example.com",
    "phone": "+33 1 23 45 67 89",
}

ALWAYS: dict[str, Any] = {
    "weekly": [
        {"weekday": day, "opens": "00:00", "closes": "00:00"}
        for day in ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    ],
    "slotMinutes": 120,
    "windowDays": 3,
}
"""An availability with something to come at any time of the day."""


def instant(epoch_seconds: int) -> str:
    return datetime.fromtimestamp(epoch_seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def slot_form(start: int, minutes: int, **more: Any) -> dict[str, Any]:
    return {"start": instant(start), "end": instant(start + minutes * 60), **more}
