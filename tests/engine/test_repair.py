"""What is wrong is mended however busy its expert is, and without new damage."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace

import pytest

from engine.audit import audit
from engine.engine import Engine
from engine.errors import SlotClosed
from engine.evidence import Evidence
from engine.keys import Partition
from engine.model import Hold, Status
from engine.repair import Repair
from engine.settings import Settings
from engine.witness import Witness
from tests.engine.damage import (
    Damage,
    booked_slot_that_mongo_lacks_and_redis_shows_as_free,
    booked_slot_that_neither_has,
    ghost_seat,
    lost_seat,
    neither_closed_nor_open,
    no_slot_record,
    partition_of,
    rewrite,
    seat_that_is_no_seat,
    unreadable_slot_that_mongo_lacks,
    version_lost,
)
from tests.samples import Sample


@pytest.fixture
async def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"adopt_after": 0.5, "log_entries": 60})  # of which Redis makes up to 160


async def test_what_could_not_be_judged_is_not_called_settled(
    engine: Engine, booked: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A seat of a cancelled booking stayed taken for good: the expert changed faster than the log could tell when the
    partition was compared, and a report without findings was called clean."""
    await engine.reconciler.stop()
    await ghost_seat(engine, booked)
    partition = partition_of(engine, booked)

    async def untold(witness: Witness, partition: Partition, evidence: Evidence) -> None:
        evidence.since = None

    monkeypatch.setattr(Witness, "_since", untold)
    report = await audit(engine)
    assert (report.findings, report.unsettled, report.clean) == ([], {booked.expert.id}, False)
    assert not await engine.reconciler._put_right(partition)
    monkeypatch.undo()
    assert await engine.reconciler._put_right(partition)
    assert (await engine.calendar(booked.expert.id)).slots[3].seatmap == "."
    assert (await audit(engine)).clean


async def test_an_expert_that_changes_faster_than_its_log_can_tell_is_judged_and_mended(
    engine: Engine, booked: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The log was read when all else had been: in a rush it no longer went back so far, and neither did the mend's
    look."""
    await ghost_seat(engine, booked)
    await lost_seat(engine, booked)
    hear = Witness._stored_slots

    async def busily(witness: Witness, experts: Mapping[str, Evidence]) -> None:
        await hear(witness, experts)
        for _ in range(150):
            hold = await engine.holds.hold(booked.group.id)
            await engine.holds.release(hold.token)

    monkeypatch.setattr(Witness, "_stored_slots", busily)
    report = await audit(engine)
    assert [(f.kind, f.subject) for f in report.findings] == [
        ("ghost-seat", booked.slots[3].id), ("lost-seat", booked.slots[0].id),
    ]  # fmt: skip
    assert not report.unsettled
    assert all(each.done for each in await Repair(engine).run(report.findings))
    slots = (await engine.calendar(booked.expert.id)).slots
    assert slots[0].seatmap + slots[3].seatmap == "b."


async def test_a_hold_that_has_lost_its_seat_to_a_booking_ends_with_the_mend(engine: Engine, sample: Sample) -> None:
    """Redis came back with the hold through which the seat had been booked. The seat was booked again and the token
    stayed: when that booking was cancelled and the seat held by another, the first hold's end gave it away."""
    await engine.reconciler.stop()
    first = await engine.holds.hold(sample.slots[0].id)
    keys = [*partition_of(engine, sample).holds(sample.slots[0].id)]
    kept = [await engine.calls.command("DUMP", key) for key in keys]
    booking = (await engine.book(replace(sample.request(0), hold=first.token))).booking
    for key, value in zip(keys, kept, strict=True):
        await engine.calls.command("RESTORE", key, 0, value, "REPLACE")
    await rewrite(engine, sample, sample.slots[0], seatmap="h", held_until=first.expires_at)

    report = await audit(engine)
    assert [finding.kind for finding in report.findings] == ["lost-seat"]
    assert all(each.done for each in await Repair(engine).run(report.findings))
    await engine.change(booking.id, Status.CANCELLED, "customer")
    second = await engine.holds.hold(sample.slots[0].id)
    assert await engine.calls.command("ZRANGE", keys[0], 0, -1) == [second.token.encode()]
    assert (await audit(engine)).clean


@pytest.mark.parametrize(
    "damage",
    [
        booked_slot_that_mongo_lacks_and_redis_shows_as_free,
        booked_slot_that_neither_has,
        unreadable_slot_that_mongo_lacks,
    ],
)
async def test_a_slot_that_somebody_has_booked_is_not_taken_away(
    engine: Engine, booked: Sample, damage: Damage
) -> None:
    """Only the seatmap was looked at: if that was wrong as well, or gone, the slot went and its booking stayed, and the
    audit called that well."""
    await engine.reconciler.stop()
    await damage(engine, booked)
    assert all(each.done for each in await Repair(engine).run((await audit(engine)).findings))
    slot = booked.slots[0]
    assert (await engine.calendar(booked.expert.id)).slots[0] == replace(slot, seatmap="b")
    assert await engine.store.slots.get([slot]) == [slot]
    assert (await audit(engine)).clean


@pytest.mark.parametrize("damage", [no_slot_record, seat_that_is_no_seat, neither_closed_nor_open])
async def test_a_slot_that_is_none_does_not_hide_the_others(engine: Engine, booked: Sample, damage: Damage) -> None:
    """The scripts take it for no slot, and so does the calendar; it could not be shown at all."""
    await engine.reconciler.stop()
    await damage(engine, booked)
    assert len((await engine.calendars.read(booked.expert.id)).slots) == len(booked.slots) - 1


async def test_an_expert_whose_version_is_gone_can_be_booked(engine: Engine, booked: Sample) -> None:
    """Redis refused every change: its version would have been 1, which the change log was beyond."""
    before = await engine.calendar(booked.expert.id)
    await version_lost(engine, booked)
    await engine.book(booked.request(3))
    after = await engine.calendar(booked.expert.id)
    assert after.version > before.version
    assert (await audit(engine)).clean


async def test_a_close_that_redis_forgot_comes_to_a_slot_that_never_stands_still(
    engine: Engine, booked: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing but seats could be mended while seats changed hands. After eight tries the slot was left to a person, for
    a reason that was not so, and stayed on sale: whoever reconciled the partition had called it settled."""
    await engine.store.slots.write([replace(booked.group, closed=True, revision=1)])
    hear = Witness._stored_bookings
    holds: list[Hold] = []

    async def busily(witness: Witness, experts: Mapping[str, Evidence]) -> None:
        await hear(witness, experts)
        with suppress(SlotClosed):
            holds.append(await engine.holds.hold(booked.group.id))
            await engine.holds.release(holds.pop(0).token) if len(holds) > 1 else None

    monkeypatch.setattr(Witness, "_stored_bookings", busily)
    report = await audit(engine)
    assert [(f.kind, f.subject) for f in report.findings] == [("slot-differs", booked.group.id)]
    [mended] = await Repair(engine).run(report.findings)
    assert mended.done, mended.text
    monkeypatch.undo()
    slot = (await engine.calendar(booked.expert.id)).slots[-1]
    assert (slot.closed, slot.revision, slot.seatmap.count("b"), slot.seatmap.count("h")) == (True, 1, 2, 2)
    assert (await audit(engine)).findings == []


async def test_only_seats_that_are_booked_and_that_mongo_does_not_know_are_left_to_a_person(
    engine: Engine, sample: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    await engine.reconciler.stop()
    for _ in range(2):
        await engine.book(sample.request(sample.group))
    days = engine.store._database["days"]
    await days.update_one({"slots.id": sample.group.id}, {"$set": {"slots.$.seats": 1}})
    put = Repair._put
    monkeypatch.setattr(Repair, "_put", lambda *_: asyncio.sleep(0))
    [mended] = await Repair(engine).run((await audit(engine)).findings)
    assert not mended.done
    assert not mended.for_a_person, "there is something that the next time may mend"
    monkeypatch.setattr(Repair, "_put", put)
    [mended] = await Repair(engine).run((await audit(engine)).findings)
    assert not mended.done
    assert mended.for_a_person
    assert (await engine.calendar(sample.expert.id)).slots[-1].seatmap == "bb"
