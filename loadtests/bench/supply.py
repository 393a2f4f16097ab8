"""What is booked and read: a case's own experts, and slots that nobody has booked, made as they are needed."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, replace

from engine.engine import Engine
from engine.model import Expert, new_expert_id, new_slot
from loadtests.bench.wrk import Line

EXPERTS = 40
DAY_MINUTES = 1440
DAY_SLOTS = EXPERTS * DAY_MINUTES

EXPERT = Expert(
    id="",
    name="Zoë Nguyễn",
    category="Law",
    headline="Tenancy law: rent, repairs and deposits",
    bio="Zoë has practised since 2010.",
    languages=("English", "Vietnamese"),
    time_zone="Europe/Berlin",
    experience=15,
    rating=1.0,
    review_count=120,
    email="zoe@example.com",
    phone="+49301234567",
)


def midnight() -> int:
    """The next UTC midnight but one, in epoch seconds: every slot from it on is well ahead."""
    return (int(time.time()) // 86_400 + 2) * 86_400


async def add_experts(engine: Engine, *, rating: float = 1.0) -> list[str]:
    experts = [replace(EXPERT, id=new_expert_id(), rating=rating) for _ in range(EXPERTS)]
    await engine.add_experts(experts)
    return [expert.id for expert in experts]


@dataclass(frozen=True, slots=True)
class Calendars:
    """Experts with calendars to read."""

    experts: list[str]
    taken: Line
    """Books the first slot of the first one."""


async def add_calendars(engine: Engine, slots: int) -> Calendars:
    """Experts, best rated, with so many slots of an hour each, eight a day."""
    experts = await add_experts(engine, rating=5.0)
    starts = [midnight() + n // 8 * 86_400 + (8 + n % 8) * 3600 for n in range(slots)]
    await engine.add_slots([new_slot(expert, start, start + 3600) for expert in experts for start in starts])
    return Calendars(experts, booking(experts[0], new_slot(experts[0], starts[0], starts[0] + 3600).id, 0))


def booking(expert_id: str, slot_id: str, number: int, tag: int = 0) -> Line:
    """A booking as an app sends it; ``number`` and ``tag`` make its key its own."""
    body = {
        "expertId": expert_id,
        "slotId": slot_id,
        "name": "Ann Onymous",
        "email": f"ann{number}@example.com",
        "phone": "+49 30 1234567",
        "notes": "Second floor, left.",
    }
    return Line("POST", "/api/bookings", f"7f0c2d4e-{tag:04x}-4c3d-8e5f-{number:012d}", json.dumps(body))


@dataclass(slots=True)
class Supply:
    """One-minute slots of 40 experts in turn; a day of them is put on sale at a time."""

    engine: Engine
    experts: list[str]
    first: int
    tag: int
    made: int = 0
    used: int = 0

    @classmethod
    async def open(cls, engine: Engine, tag: int) -> Supply:
        return cls(engine, await add_experts(engine), midnight(), tag)

    async def lines(self, count: int) -> list[Line]:
        """Bookings of ``count`` slots that nobody has booked. Say with `take` how many of them were sent."""
        while self.made - self.used < count:
            day = self.first + self.made // EXPERTS * 60
            for expert in self.experts:
                starts = range(day, day + 86_400, 60)
                await self.engine.add_slots([new_slot(expert, start, start + 60) for start in starts])
            self.made += DAY_SLOTS
        return [self._line(number) for number in range(self.used, self.used + count)]

    def take(self, count: int) -> None:
        self.used += count

    def _line(self, number: int) -> Line:
        expert = self.experts[number % EXPERTS]
        start = self.first + number // EXPERTS * 60
        return booking(expert, new_slot(expert, start, start + 60).id, number, self.tag)
