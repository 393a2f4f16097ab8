"""Closed slots: what was never on offer is not shown; what closes under one's eyes is not whisked away."""

from __future__ import annotations

import re

from playwright.async_api import expect

from engine.engine import Engine
from engine.model import new_slot
from tests.e2e.conftest import People
from tests.samples import Sample


async def test_a_slot_that_was_closed_before_one_came_is_not_shown(
    people: People, sample: Sample, engine: Engine
) -> None:
    """A rule of hours closes many at once: a calendar of closed slots hides the few that are open."""
    await engine.close_slot(sample.slots[0].id)
    ann = await people()
    await ann.open_expert(sample.expert.id)
    await ann.sees_slot(sample.slots[1].id, "open")
    await expect(ann.slot(sample.slots[0].id)).to_have_count(0)
    await engine.open_slot(sample.slots[0].id)
    await ann.sees_slot(sample.slots[0].id, "open")


async def test_a_slot_that_closes_while_one_looks_stays_until_the_next_visit(
    people: People, sample: Sample, engine: Engine
) -> None:
    ann = await people()
    closing = sample.slots[1].id
    await ann.open_expert(sample.expert.id)
    await ann.sees_slot(closing, "open")
    await engine.close_slot(closing)
    await ann.sees_slot(closing, "closed")
    await expect(ann.slot(closing)).to_contain_text("Closed")
    await expect(ann.slot(closing)).to_be_disabled()

    await ann.begin_booking(sample.slots[2].id)
    await ann.button(re.compile("^Back to")).click()
    await ann.sees_slot(sample.slots[2].id, "open")
    await expect(ann.slot(closing)).to_have_count(0)


async def test_a_day_of_nothing_but_closed_slots_says_that_nothing_is_open(
    people: People, sample: Sample, engine: Engine
) -> None:
    later = new_slot(sample.expert.id, sample.slots[0].start + 30 * 86_400, sample.slots[0].end + 30 * 86_400)
    await engine.add_slots([later])
    await engine.close_slot(later.id)
    ann = await people()
    await ann.open_expert(sample.expert.id)
    await ann.sees_slot(sample.slots[1].id, "open")
    await ann.text("Nothing open").last.scroll_into_view_if_needed()
    await expect(ann.slot(later.id)).to_have_count(0)

    for slot in sample.slots:
        await engine.close_slot(slot.id)
    await ann.page.reload()
    await expect(ann.text("No slots just now")).to_be_visible()
