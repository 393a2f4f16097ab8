"""The requests that are counted, and how much each may cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from engine.model import new_slot
from loadtests.bench.supply import add_calendars, booking, midnight
from loadtests.bench.wrk import Line
from loadtests.cost.stage import WARM, Cost, Stage

TIMES = 40 + WARM
SLOTS = 40
"""Of each expert that is read."""


@dataclass(frozen=True, slots=True)
class Case:
    name: str
    status: int
    lines: Sequence[Line]
    budget: Cost

    def excess(self, cost: Cost) -> list[str]:
        """In what the request costs more than it may, in words."""
        found = []
        for name in Cost.__slots__:
            spent, allowed = getattr(cost, name), getattr(self.budget, name)
            if spent is not None and spent > allowed:
                found.append(f"{self.name}: {spent:.2f} {name}, {allowed:g} allowed")
        return found


async def make_cases(stage: Stage) -> list[Case]:
    """Seeds what they need: an expert whose slots are booked, and others to be read.

    The refusals have no Idempotency-Key: a worker that has just connected to Redis looks MongoDB up for those.
    """
    calendars = await add_calendars(stage.engine, SLOTS)
    expert = calendars.experts[-1]
    slots = [new_slot(expert, start, start + 60) for start in range(midnight(), midnight() + 60 * TIMES, 60)]
    await stage.engine.add_slots(slots)
    bookings = [booking(expert, slot.id, number) for number, slot in enumerate(slots)]
    return [
        Case("booking, 201", 201, bookings, BOOKING),
        Case("booking, 409", 409, [replace(line, key="") for line in bookings], REFUSAL),
        Case("booking, 409 again", 409, [replace(bookings[0], key="")] * TIMES, GLANCE),
        Case("detail", 200, [Line("GET", f"/api/experts/{calendars.experts[0]}")] * TIMES, DETAIL),
        Case("list", 200, [Line("GET", "/api/experts?limit=20")] * TIMES, LIST),
    ]


# What each may cost at most. Counted: 2 calls, 17 commands of which 8 write, 846 bytes, 1 insert, 8.6 system calls for
# a booking by itself; under load many share an insert. An extra round trip is one call and two system calls more.
BOOKING = Cost(calls=2, redis=17, writes=8.5, redis_bytes=890, mongo=1, mongo_bytes=960, syscalls=9.9)
REFUSAL = Cost(calls=1, redis=4, writes=0, redis_bytes=820, mongo=0, mongo_bytes=0, syscalls=5.0)
GLANCE = Cost(calls=5, redis=5, writes=0, redis_bytes=170, mongo=0, mongo_bytes=0, syscalls=5.0)
"""Of a slot that has been refused before: three reads between MULTI and EXEC, in one write."""
DETAIL = Cost(calls=1, redis=1, writes=0, redis_bytes=90, mongo=0.1, mongo_bytes=50, syscalls=5.0)
LIST = Cost(calls=0.6, redis=1.2, writes=0, redis_bytes=200, mongo=0.3, mongo_bytes=200, syscalls=3.0)
"""None of its own: it is kept for two seconds, and fetched anew by few of many."""
