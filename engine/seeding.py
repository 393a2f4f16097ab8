"""Fills an engine with sample experts and their slots. Doing it again adds only what is missing, and no slot that
another one is in the way of: by then people have changed hours, and put slots on sale by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from itertools import islice
from time import perf_counter
from typing import Protocol

from engine.availability import Availability
from engine.calendar import slots
from engine.model import BOOKED, Calendar, Expert, Slot
from engine.sample import sample

CHUNK = 50
"""Experts added at a time, with their slots: what is kept in memory."""


Person = tuple[Expert, Availability]


class Fillable(Protocol):
    """What seeding needs of an engine: idempotent verbs, the first two answer how many were new, and two looks."""

    async def add_experts(self, experts: Sequence[Expert]) -> int: ...

    async def add_slots(self, slots: Sequence[Slot]) -> int: ...

    async def keep_availabilities(self, rules: Sequence[tuple[str, Availability]]) -> None: ...

    async def availability(self, expert_id: str) -> Availability | None: ...

    async def calendar(self, expert_id: str) -> Calendar: ...


@dataclass(frozen=True, slots=True)
class Seeded:
    experts: int
    """How many were new."""
    slots: int
    """How many were new."""
    seconds: float


async def seed(
    engine: Fillable,
    *,
    experts: int = 40,
    weeks: int = 4,
    seed: int = 7,
    today: date | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Seeded:
    """Adds the sample of a seed, with ``weeks`` weeks of slots from the UTC day ``today`` on (default: now), and rules
    by which the engine keeps so many weeks on sale.

    ``progress`` is called after each chunk with the experts done and all. Raises ValueError for a negative
    number of experts or weeks, and whatever the engine raises: what was added stays, and the next run goes on.
    """
    if experts < 0 or weeks < 0:
        raise ValueError("experts and weeks cannot be negative")
    began = perf_counter()
    first = today or datetime.now(UTC).date()
    midnight = datetime.combine(first, time(), UTC).timestamp()
    people = sample(seed, experts)
    new_experts = new_slots = done = 0
    while chunk := list(islice(people, CHUNK)):
        new = await engine.add_experts([expert for expert, _ in chunk])
        wanted = {e.id: [s for s in slots(e.id, rule, first, weeks * 7) if s.start >= midnight] for e, rule in chunk}
        if new < len(chunk):
            await _leave_out(engine, chunk, wanted)
        new_experts += new
        new_slots += await engine.add_slots([slot for each in wanted.values() for slot in each])
        if weeks:
            rules = [(e.id, replace(rule, window_days=weeks * 7)) for e, rule in chunk if e.id in wanted]
            await engine.keep_availabilities(rules)
        done += len(chunk)
        if progress:
            progress(done, experts)
    return Seeded(new_experts, new_slots, perf_counter() - began)


async def _leave_out(engine: Fillable, people: Sequence[Person], wanted: dict[str, list[Slot]]) -> None:
    """Takes out whoever has other hours than the sample's by now: they get slots by these. Of the others, what overlaps
    with a slot that is on sale or booked."""
    rules = await asyncio.gather(*(engine.availability(expert.id) for expert, _ in people))
    for (expert, rule), now in zip(people, rules, strict=True):
        if now is not None and replace(now, window_days=rule.window_days, stored=True) != rule:
            del wanted[expert.id]
    for calendar in await asyncio.gather(*map(engine.calendar, wanted)):
        there = {slot.id for slot in calendar.slots}
        others = [slot for slot in calendar.slots if not slot.closed or BOOKED in slot.seatmap]
        wanted[calendar.expert_id] = [
            slot
            for slot in wanted[calendar.expert_id]
            if slot.id in there or not any(slot.start < other.end and other.start < slot.end for other in others)
        ]
