"""Seeding adds what is missing, in pieces, and nothing twice."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import pytest

from engine.availability import Availability
from engine.calendar import slots
from engine.model import Calendar, Expert, Slot
from engine.seeding import CHUNK, seed

TODAY = date(2026, 3, 25)
"""A Wednesday before the clocks of Europe change."""


class Recorder:
    """An engine that only remembers, and can break down at a chosen call."""

    def __init__(self) -> None:
        self.experts: dict[str, Expert] = {}
        self.slots: dict[str, Slot] = {}
        self.rules: dict[str, Availability] = {}
        self.expert_calls: list[int] = []
        self.break_at_call = 0

    async def add_experts(self, experts: Sequence[Expert]) -> int:
        self.expert_calls.append(len(experts))
        if len(self.expert_calls) == self.break_at_call:
            raise ConnectionError("the store went away")
        before = len(self.experts)
        self.experts |= {expert.id: expert for expert in experts}
        return len(self.experts) - before

    async def add_slots(self, slots: Sequence[Slot]) -> int:
        assert {slot.expert_id for slot in slots} <= self.experts.keys(), "an expert comes before its slots"
        before = len(self.slots)
        self.slots |= {slot.id: slot for slot in slots}
        return len(self.slots) - before

    async def keep_availabilities(self, rules: Sequence[tuple[str, Availability]]) -> None:
        assert {expert_id for expert_id, _ in rules} <= {slot.expert_id for slot in self.slots.values()}
        self.rules = dict(rules) | self.rules

    async def availability(self, expert_id: str) -> Availability | None:
        return self.rules.get(expert_id)

    async def calendar(self, expert_id: str) -> Calendar:
        return Calendar(expert_id, "e", 1, tuple(s for s in self.slots.values() if s.expert_id == expert_id))


def midnight(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())


async def test_everybody_gets_slots_for_the_weeks_asked_for() -> None:
    engine = Recorder()
    seeded = await seed(engine, experts=40, weeks=4, today=TODAY)
    assert seeded.experts == len(engine.experts) == 40
    assert seeded.slots == len(engine.slots) > 40 * 4
    assert seeded.seconds >= 0
    assert {slot.expert_id for slot in engine.slots.values()} == engine.experts.keys()
    starts = [slot.start for slot in engine.slots.values()]
    assert min(starts) >= midnight(TODAY)
    assert midnight(TODAY + timedelta(days=27)) < max(starts) < midnight(TODAY + timedelta(days=30))


async def test_everybody_gets_a_rule_that_keeps_as_much_on_sale() -> None:
    engine = Recorder()
    await seed(engine, experts=40, weeks=3, today=TODAY)
    assert engine.rules.keys() == engine.experts.keys()
    assert {rule.window_days for rule in engine.rules.values()} == {21}
    made = {slot for i, rule in engine.rules.items() for slot in slots(i, rule, TODAY, 21)}
    assert {slot for slot in made if slot.start >= midnight(TODAY)} == set(engine.slots.values())


async def test_the_second_time_adds_nothing() -> None:
    engine = Recorder()
    await seed(engine, experts=60, weeks=1, today=TODAY)
    again = await seed(engine, experts=60, weeks=1, today=TODAY)
    assert (again.experts, again.slots) == (0, 0)


async def test_a_later_day_adds_only_the_days_in_between() -> None:
    engine = Recorder()
    await seed(engine, experts=60, weeks=1, today=TODAY)
    first = set(engine.slots)

    later = await seed(engine, experts=60, weeks=1, today=TODAY + timedelta(days=3))

    added = [slot for slot_id, slot in engine.slots.items() if slot_id not in first]
    assert later.experts == 0
    assert later.slots == len(added) > 0
    assert min(slot.start for slot in added) >= midnight(TODAY + timedelta(days=6)), "a new day, in the east"


async def test_more_experts_leave_the_first_ones_alone() -> None:
    engine = Recorder()
    await seed(engine, experts=10, weeks=1, today=TODAY)
    few = dict(engine.experts)
    more = await seed(engine, experts=30, weeks=1, today=TODAY)
    assert more.experts == 20
    assert few.items() <= engine.experts.items()


async def test_work_is_done_in_chunks_that_report_progress() -> None:
    engine = Recorder()
    seen: list[tuple[int, int]] = []
    total = 2 * CHUNK + 20
    await seed(engine, experts=total, weeks=0, today=TODAY, progress=lambda done, of: seen.append((done, of)))
    assert engine.expert_calls == [CHUNK, CHUNK, 20]
    assert seen == [(CHUNK, total), (2 * CHUNK, total), (total, total)]


async def test_a_run_that_broke_down_is_completed_by_the_next() -> None:
    whole, broken = Recorder(), Recorder()
    await seed(whole, experts=2 * CHUNK, weeks=1, today=TODAY)
    broken.break_at_call = 2
    with pytest.raises(ConnectionError):
        await seed(broken, experts=2 * CHUNK, weeks=1, today=TODAY)
    assert len(broken.experts) == CHUNK

    rest = await seed(broken, experts=2 * CHUNK, weeks=1, today=TODAY)

    assert rest.experts == CHUNK
    assert (broken.experts, broken.slots) == (whole.experts, whole.slots)


async def test_today_is_the_day_of_utc_unless_said_otherwise() -> None:
    engine = Recorder()
    before = datetime.now(UTC).date()
    await seed(engine, experts=8, weeks=1)
    assert min(slot.start for slot in engine.slots.values()) >= midnight(before)
    assert min(slot.start for slot in engine.slots.values()) < midnight(before + timedelta(days=8))


async def test_nobody_and_no_time_are_fine_but_less_is_not() -> None:
    nothing = await seed(Recorder(), experts=0, weeks=0, today=TODAY)
    assert (nothing.experts, nothing.slots) == (0, 0)
    with pytest.raises(ValueError, match="negative"):
        await seed(Recorder(), experts=-1)
    with pytest.raises(ValueError, match="negative"):
        await seed(Recorder(), weeks=-1)
