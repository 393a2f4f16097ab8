"""Fills an engine with sample experts and their slots. Doing it again adds only what is missing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from itertools import islice
from time import perf_counter
from typing import Protocol

from engine.availability import Availability
from engine.calendar import slots
from engine.model import Expert, Slot
from engine.sample import sample

CHUNK = 50
"""Experts added at a time, with their slots: what is kept in memory."""


class Fillable(Protocol):
    """What seeding needs of an engine: idempotent verbs, the first two answer how many were new."""

    async def add_experts(self, experts: Sequence[Expert]) -> int: ...

    async def add_slots(self, slots: Sequence[Slot]) -> int: ...

    async def keep_availabilities(self, rules: Sequence[tuple[str, Availability]]) -> None: ...


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
        new_experts += await engine.add_experts([expert for expert, _ in chunk])
        new_slots += await engine.add_slots(
            [
                slot
                for expert, availability in chunk
                for slot in slots(expert.id, availability, first, weeks * 7)
                if slot.start >= midnight
            ]
        )
        if weeks:
            await engine.keep_availabilities([(e.id, replace(rule, window_days=weeks * 7)) for e, rule in chunk])
        done += len(chunk)
        if progress:
            progress(done, experts)
    return Seeded(new_experts, new_slots, perf_counter() - began)
