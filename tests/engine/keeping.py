"""An expert whose calendar is kept by an availability: what a test asks of it, and does to it."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import time as clock
from typing import Any

from engine.availability import Availability, Hours, dump
from engine.engine import Engine
from engine.forms import AvailabilityForm, ExpertForm
from engine.keeper import on_sale
from engine.model import Expert, Slot

ALWAYS = tuple(Hours(weekday, clock(), clock()) for weekday in range(7))
RULE = Availability("UTC", ALWAYS, 120, seats=2, window_days=3)
"""Every two hours, so that there is something to come at any time of the day."""
MORNINGS = replace(RULE, weekly=tuple(Hours(day, clock(8), clock(12)) for day in range(7)), window_days=7)


def in_zone(time_zone: str, expert: Expert) -> ExpertForm:
    """Their profile, with another zone."""
    profile = {
        "name": expert.name, "category": expert.category, "headline": expert.headline,
        "languages": list(expert.languages), "timeZone": time_zone, "experience": 1, "email": expert.email,
        "phone": expert.phone,
    }  # fmt: skip
    return ExpertForm(**profile)


def form(rule: Availability) -> AvailabilityForm:
    return AvailabilityForm(**{key: value for key, value in dump(rule).items() if key != "timeZone"})


async def shown(engine: Engine, expert: Expert) -> list[Slot]:
    """What is on sale."""
    now = time.time()
    return [slot for slot in (await engine.calendar(expert.id)).slots if not slot.closed and slot.start > now]


def wanted(expert: Expert, rule: Availability) -> list[Slot]:
    return on_sale(rule, expert.id, int(time.time()))


async def slots_of(engine: Engine, expert: Expert) -> dict[str, Slot]:
    return {slot.id: slot for slot in (await engine.calendar(expert.id)).slots}


async def rewind(engine: Engine, expert: Expert, seconds: int) -> None:
    """As if the rule had last been looked at so long ago, and were due."""
    await documents(engine).update_one({"_id": expert.id}, {"$set": {"due": 0}, "$inc": {"ran": -seconds}})


def documents(engine: Engine) -> Any:
    return engine.store._database["availabilities"]
