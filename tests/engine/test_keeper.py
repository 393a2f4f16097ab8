"""Calendars that are kept by an availability: what one worker does."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from datetime import time as clock

import pytest

from engine import keeper
from engine.availability import Exceptional, Hours
from engine.changes import Arranged
from engine.engine import Engine
from engine.errors import ExpertNotFound, SlotClosed
from engine.keeper import next_due
from engine.model import Expert, Status, new_slot
from tests.engine.keeping import MORNINGS, RULE, documents, in_zone, rewind, shown, slots_of, wanted
from tests.samples import Sample

pytestmark = pytest.mark.usefixtures("agreement")


async def test_a_rule_puts_slots_on_sale(engine: Engine, zoe: Expert) -> None:
    arranged = await engine.set_availability(zoe.id, RULE)
    right = wanted(zoe, RULE)
    assert 24 <= len(right) <= 36
    assert arranged == Arranged(added=len(right))
    assert await shown(engine, zoe) == right
    stored = await engine.store.slots.get(right)
    assert sorted(stored, key=lambda slot: slot.start) == right, "and they are durable"
    assert await engine.availability(zoe.id) == RULE
    assert await engine.set_availability(zoe.id, RULE) == Arranged(), "again, it changes nothing"
    assert next_due(RULE, zoe.id, int(time.time())) == (await documents(engine).find_one({"_id": zoe.id}))["due"]


async def test_another_rule_opens_and_closes(engine: Engine, zoe: Expert) -> None:
    await engine.set_availability(zoe.id, RULE)
    before = await shown(engine, zoe)
    noon = datetime.now(UTC).date() + timedelta(days=1)
    less = replace(RULE, exceptions=(Exceptional(noon),))
    off = [slot for slot in before if datetime.fromtimestamp(slot.start, UTC).date() == noon]
    assert await engine.set_availability(zoe.id, less) == Arranged(closed=12)
    assert await shown(engine, zoe) == [slot for slot in before if slot not in off]
    assert await engine.set_availability(zoe.id, RULE) == Arranged(opened=12)
    assert [slot.id for slot in await shown(engine, zoe)] == [slot.id for slot in before]
    nothing = replace(RULE, weekly=())
    assert await engine.set_availability(zoe.id, nothing) == Arranged(closed=len(before))
    assert await shown(engine, zoe) == []


async def test_bookings_outside_the_hours_stay_and_are_counted(engine: Engine, zoe: Expert) -> None:
    await engine.set_availability(zoe.id, RULE)
    slot = (await shown(engine, zoe))[3]
    booked = await engine.book(Sample(zoe, [slot]).request())
    arranged = await engine.set_availability(zoe.id, replace(RULE, weekly=()))
    assert arranged.bookings == 1
    kept = (await slots_of(engine, zoe))[slot.id]
    assert (bool(kept.closed), kept.seatmap) == (True, "b.")
    assert (await engine.booking(booked.booking.id)).status is Status.PENDING


async def test_another_length_reshapes_what_nobody_has_booked(engine: Engine, zoe: Expert) -> None:
    await engine.set_availability(zoe.id, RULE)
    before = await shown(engine, zoe)
    taken = before[4]
    await engine.book(Sample(zoe, [taken]).request())
    hourly = replace(RULE, slot_minutes=60, seats=5)
    arranged = await engine.set_availability(zoe.id, hourly)
    right = {slot.id: slot for slot in wanted(zoe, hourly)}
    second_half = new_slot(zoe.id, taken.start + 3600, taken.end)
    assert (arranged.opened, arranged.left_out, arranged.closed) == (len(before) - 1, 1, 0)
    now = {slot.id: slot for slot in await shown(engine, zoe)}
    assert now.keys() == right.keys() - {second_half.id}
    assert all((slot.end, slot.seats) == (right[slot.id].end, 5) for slot in now.values() if slot.id != taken.id)
    assert (now[taken.id].end, now[taken.id].seatmap) == (taken.end, "b.")


async def test_slots_added_by_hand_stay(engine: Engine, zoe: Expert) -> None:
    sparse = replace(RULE, slot_minutes=60, buffer_minutes=180, weekly=(Hours(0, clock(1), clock(23)),))
    await engine.set_availability(zoe.id, replace(sparse, window_days=14))
    start = int(time.time()) // 86_400 * 86_400 + 10 * 86_400 + 23 * 3600 + 600
    [mine] = await engine.admin.add_slots(zoe.id, [new_slot(zoe.id, start, start + 600)])
    assert (await engine.set_availability(zoe.id, replace(sparse, weekly=()))).closed > 0
    assert await shown(engine, zoe) == [mine]


async def test_a_new_day_comes_on_sale_and_what_was_closed_by_hand_stays_closed(engine: Engine, zoe: Expert) -> None:
    await engine.set_availability(zoe.id, replace(RULE, window_days=1))
    before = len(await slots_of(engine, zoe))
    await engine.set_availability(zoe.id, replace(RULE, window_days=2))
    shut = (await shown(engine, zoe))[-1]
    await engine.close_slot(shut.id)
    # As if all this had been yesterday, and the day after were not there yet.
    await documents(engine).update_one({"_id": zoe.id}, {"$set": {"rules.0.windowDays": 3}})
    await rewind(engine, zoe, 86_400)
    assert await engine.keeper.tend(zoe.id) == Arranged(added=12)
    assert len(await slots_of(engine, zoe)) == before + 24
    assert (await slots_of(engine, zoe))[shut.id].closed


async def test_a_day_that_a_shorter_window_had_closed_comes_on_sale_in_its_turn(engine: Engine, zoe: Expert) -> None:
    """It stayed closed for ever."""
    await engine.set_availability(zoe.id, RULE)
    before = await shown(engine, zoe)
    await engine.set_availability(zoe.id, replace(RULE, window_days=1))
    # As if that had been yesterday, with a window of two days.
    await documents(engine).update_one({"_id": zoe.id}, {"$set": {"rules.0.windowDays": 2}})
    await rewind(engine, zoe, 86_400)
    assert await engine.keeper.tend(zoe.id) == Arranged(opened=12)
    assert [slot.id for slot in await shown(engine, zoe)] == [slot.id for slot in before[:-12]]


async def test_a_slot_goes_off_sale_when_its_notice_begins(engine: Engine, zoe: Expert) -> None:
    await engine.set_availability(zoe.id, RULE)
    slots = await shown(engine, zoe)
    await engine.book(Sample(zoe, [slots[1]]).request())
    notice = replace(RULE, notice_minutes=5 * 60)
    gone = [slot.id for slot in slots if slot not in wanted(zoe, notice)]
    assert len(gone) >= 2
    assert await engine.set_availability(zoe.id, notice) == Arranged(closed=len(gone), bookings=1)
    await engine.open_slot(gone[0])  # the administrator makes an exception
    await engine.keeper.tend(zoe.id)
    assert not (await slots_of(engine, zoe))[gone[0]].closed
    # As if that had been four hours ago: two more are due.
    for slot_id in gone:
        await engine.open_slot(slot_id)
    await rewind(engine, zoe, 4 * 3600)
    arranged = await engine.keeper.tend(zoe.id)
    assert arranged is not None
    assert (arranged.closed, arranged.added) == (2, 0)


async def test_who_holds_a_slot_when_its_notice_begins_may_book_it(engine: Engine, zoe: Expert) -> None:
    """They had been promised the seat, and heard that the slot is closed when they sent the form."""
    await engine.set_availability(zoe.id, RULE)
    slot, other = (await shown(engine, zoe))[1:3]
    hold, lost = await engine.holds.hold(slot.id), await engine.holds.hold(other.id)
    await engine.set_availability(zoe.id, replace(RULE, notice_minutes=7 * 60))
    assert (await slots_of(engine, zoe))[slot.id].closed == 2
    request = Sample(zoe, [slot]).request()
    for refused in (engine.book(request), engine.holds.hold(slot.id)):
        with pytest.raises(SlotClosed):
            await refused
    renewed = await engine.holds.renew(hold.token)
    request.hold = renewed.token
    booked = await engine.book(request)
    assert (booked.durable, booked.booking.slot_id) == (True, slot.id)
    assert (await slots_of(engine, zoe))[slot.id].seatmap == "b."

    await engine.close_slot(other.id)
    request = Sample(zoe, [other]).request()
    request.hold = lost.token
    with pytest.raises(SlotClosed):
        await engine.book(request)


@pytest.mark.parametrize("gone", ["replaced", "expert"])
async def test_a_hold_does_not_outlive_what_takes_the_place_of_its_slot(engine: Engine, zoe: Expert, gone: str) -> None:
    await engine.set_availability(zoe.id, RULE)
    slot = (await shown(engine, zoe))[3]
    hold = await engine.holds.hold(slot.id)
    later = tuple(replace(hours, opens=clock(1), closes=clock(1)) for hours in RULE.weekly)
    await engine.set_availability(zoe.id, replace(RULE, weekly=later))
    assert (await slots_of(engine, zoe))[slot.id].closed == 2
    if gone == "expert":
        await engine.set_availability(zoe.id, replace(RULE, weekly=()))
        await engine.admin.remove_expert(zoe.id, "keep", None)
    request = Sample(zoe, [slot]).request()
    request.hold = hold.token
    with pytest.raises(SlotClosed):
        await engine.book(request)
    assert (await slots_of(engine, zoe))[slot.id].seatmap == "h."


async def test_what_is_due_is_done_by_itself(engine: Engine, zoe: Expert, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper, "EVERY", 0.05)
    await engine.keeper.stop()
    engine.keeper.start()
    await engine.store.availabilities.put(zoe.id, RULE, int(time.time()))
    async with asyncio.timeout(5):
        while await shown(engine, zoe) != wanted(zoe, RULE):
            await asyncio.sleep(0.02)


async def test_a_calendar_waits_for_a_redis_that_is_not_compared_yet(engine: Engine, zoe: Expert) -> None:
    await engine.keeper.stop()
    await engine.reconciler.stop()
    await engine.store.availabilities.put(zoe.id, RULE, int(time.time()))
    partition = engine.keys.of(zoe.id)
    compared = await engine.calls.command("GET", partition.server)
    await engine.calls.command("SET", partition.server, "another-server 0")
    assert await engine.keeper.tend(zoe.id) is None
    assert await shown(engine, zoe) == []
    assert await engine.store.availabilities.due(int(time.time()), 10) == [], "nobody looks again and again"
    assert await engine.store.availabilities.due(int(time.time()) + 3, 10) == [zoe.id]
    await engine.calls.command("SET", partition.server, compared)
    assert await engine.keeper.tend(zoe.id) is not None
    assert await shown(engine, zoe) == wanted(zoe, RULE)


async def test_seeded_rules_leave_what_is_there(engine: Engine, zoe: Expert) -> None:
    await engine.add_slots(wanted(zoe, RULE))
    await engine.keep_availabilities([(zoe.id, RULE)])
    assert await engine.keeper.tend(zoe.id) == Arranged()
    other = replace(RULE, seats=9)
    await engine.keep_availabilities([(zoe.id, other)])
    assert await engine.availability(zoe.id) == RULE, "who has one keeps it"


async def test_a_redis_that_forgets_everything_gets_the_calendar_back(engine: Engine, zoe: Expert) -> None:
    await engine.set_availability(zoe.id, RULE)
    await engine.set_availability(zoe.id, replace(RULE, slot_minutes=60, notice_minutes=300))
    before = await slots_of(engine, zoe)
    await asyncio.sleep(0.1)  # the outbox empties behind our back
    await engine.calls.command("FLUSHALL", at="x")
    await engine.rebuilder.ensure()
    assert await slots_of(engine, zoe) == before


async def test_an_expert_who_goes_takes_the_rule_along(engine: Engine, zoe: Expert) -> None:
    await engine.set_availability(zoe.id, RULE)
    await engine.admin.remove_expert(zoe.id, None, None)
    assert await engine.availability(zoe.id) is None
    assert await engine.keeper.tend(zoe.id) is None
    assert await shown(engine, zoe) == []
    with pytest.raises(ExpertNotFound):
        await engine.admin.availability(zoe.id)


async def test_the_hours_move_with_the_experts_zone(engine: Engine, zoe: Expert) -> None:
    await engine.set_availability(zoe.id, MORNINGS)
    await engine.admin.replace_expert(zoe.id, in_zone("Asia/Kathmandu", zoe))
    rule = await engine.availability(zoe.id)
    assert rule == replace(MORNINGS, time_zone="Asia/Kathmandu")
    assert [slot.id for slot in await shown(engine, zoe)] == [slot.id for slot in wanted(zoe, rule)]


async def test_a_notice_that_becomes_shorter_opens_what_it_had_closed(engine: Engine, zoe: Expert) -> None:
    await engine.set_availability(zoe.id, RULE)
    before = await shown(engine, zoe)
    closed = (await engine.set_availability(zoe.id, replace(RULE, notice_minutes=24 * 60))).closed
    assert closed >= 12
    assert await engine.set_availability(zoe.id, RULE) == Arranged(opened=closed)
    assert [slot.id for slot in await shown(engine, zoe)] == [slot.id for slot in before]


async def test_a_slot_that_is_held_just_then_gets_its_new_length_later(engine: Engine, zoe: Expert) -> None:
    await engine.set_availability(zoe.id, RULE)
    slot = (await shown(engine, zoe))[3]
    hold = await engine.holds.hold(slot.id)
    hourly = replace(RULE, slot_minutes=60, seats=1)
    arranged = await engine.set_availability(zoe.id, hourly)
    assert (arranged.held, arranged.left_out) == (1, 1)
    await engine.holds.release(hold.token)
    assert await engine.keeper.tend(zoe.id) == Arranged(added=1, opened=1)
    assert [(s.id, s.end) for s in await shown(engine, zoe)] == [(s.id, s.end) for s in wanted(zoe, hourly)]


@pytest.mark.parametrize("which", [3, 5])
async def test_what_is_closed_by_hand_while_somebody_holds_a_slot_stays_closed(
    engine: Engine, zoe: Expert, which: int
) -> None:
    """Each minute, until the hold was over, all that the hours had changed was opened again; the held one as well."""
    await engine.set_availability(zoe.id, RULE)
    slots = await shown(engine, zoe)
    hold = await engine.holds.hold(slots[3].id)
    hourly = replace(RULE, slot_minutes=60, seats=1)
    assert (await engine.set_availability(zoe.id, hourly)).held == 1
    assert await engine.store.availabilities.due(int(time.time()) + keeper.LATER, 10) == [zoe.id]
    await engine.close_slot(slots[which].id)
    held = (await slots_of(engine, zoe))[slots[3].id]
    await engine.keeper.tend(zoe.id)
    assert (await slots_of(engine, zoe))[slots[3].id] == held
    await engine.holds.release(hold.token)
    await engine.keeper.tend(zoe.id)
    right = [(s.id, s.end) for s in wanted(zoe, hourly) if s.id != slots[which].id]
    assert [(s.id, s.end) for s in await shown(engine, zoe)] == right


async def test_what_is_closed_by_hand_stays_closed_by_any_hours_and_opens_as_they_have_it(
    engine: Engine, zoe: Expert
) -> None:
    """Other lengths, and hours that came back, opened it."""
    await engine.set_availability(zoe.id, RULE)
    shut = (await shown(engine, zoe))[3]
    await engine.close_slot(shut.id)
    hourly = replace(RULE, slot_minutes=60)
    for rule in (hourly, RULE, replace(RULE, weekly=()), hourly):
        await engine.set_availability(zoe.id, rule)
        assert [slot for slot in await shown(engine, zoe) if slot.id == shut.id] == []
    await engine.open_slot(shut.id)
    assert [(s.id, s.end) for s in await shown(engine, zoe)] == [(s.id, s.end) for s in wanted(zoe, hourly)]


async def test_a_slot_of_ones_own_that_begins_with_one_of_the_hours_stays_as_it_is(engine: Engine, zoe: Expert) -> None:
    first = wanted(zoe, RULE)[5]
    workshop = new_slot(zoe.id, first.start, first.start + 4 * 3600, seats=20)
    await engine.admin.add_slots(zoe.id, [workshop])
    await engine.set_availability(zoe.id, RULE)
    assert (await slots_of(engine, zoe))[workshop.id] == workshop
    await engine.set_availability(zoe.id, replace(RULE, seats=3))
    assert (await slots_of(engine, zoe))[workshop.id].seats == 3, "it is one of the rule's now"


async def test_a_rule_for_somebody_who_is_gone_is_dropped(engine: Engine, zoe: Expert) -> None:
    """It was wanted in the moment between the look at the expert and the removal, and went on adding days."""
    await engine.remove_expert(zoe.id)
    with pytest.raises(ExpertNotFound):
        await engine.set_availability(zoe.id, RULE)
    assert await engine.availability(zoe.id) is None
    assert await shown(engine, zoe) == []


async def test_a_clock_that_goes_back_closes_nothing(engine: Engine, zoe: Expert) -> None:
    """The last day was closed, and stayed so when the clock was right again."""
    await engine.set_availability(zoe.id, RULE)
    before = await shown(engine, zoe)
    await rewind(engine, zoe, -86_400)
    assert await engine.keeper.tend(zoe.id) == Arranged()
    assert await shown(engine, zoe) == before
