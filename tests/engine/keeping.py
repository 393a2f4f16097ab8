"""An expert whose calendar is kept by an availability: what a test asks of it, and does to it."""

from __future__ import annotations

import time
from datetime import time as clock
from typing import Any

from engine.availability import Availability, Hours
from engine.engine import Engine
from engine.keeper import on_sale
from engine.model import Expert, Slot

ALWAYS = tuple(Hours(weekday, clock(), clock()) for weekday in range(7))
RULE = Availability("UTC", ALWAYS, 120, seats=2, window_days=3)
"""Every two hours, so that there is something to come at any time of the day."""


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
