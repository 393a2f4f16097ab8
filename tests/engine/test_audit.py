"""The audit finds each kind of damage, no more than that, and mends it."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace

import pytest

from engine.audit import audit
from engine.engine import Engine
from engine.errors import SlotlineError, SlotTaken
from engine.evidence import Evidence
from engine.invariants import Clock, Finding, faults
from engine.model import Slot, Status, new_booking_id, new_slot
from engine.records import from_record, to_record
from engine.repair import Repair
from engine.settings import Settings
from engine.store.bookings import FENCE
from engine.witness import Witness
from tests.engine.damage import (
    DAMAGE,
    Damage,
    booking_id,
    booking_lost_by_mongo,
    calendar_lost_by_redis,
    ghost_seat,
    lost_seat,
    partition_of,
    rewrite,
)
from tests.samples import Sample, make_sample


@pytest.fixture
async def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"adopt_after": 0.5})


async def found_by(engine: Engine) -> set[str]:
    return {finding.kind for finding in (await audit(engine)).findings}


async def test_what_is_well_is_called_well(engine: Engine, booked: Sample) -> None:
    report = await audit(engine)
    assert report.findings == []
    assert (report.experts, report.slots, report.bookings, report.holds) == (1, 9, 4, 1)
    assert report.partitions == engine.settings.partitions


@pytest.mark.parametrize(("kind", "damage"), DAMAGE, ids=[damage.__name__ for _, damage in DAMAGE])
async def test_each_kind_of_damage_is_found_and_mended(
    engine: Engine, booked: Sample, kind: str, damage: Damage
) -> None:
    await damage(engine, booked)
    report = await audit(engine)
    assert {finding.kind for finding in report.findings} == set(kind.split())
    mended = await Repair(engine).run(report.findings)
    assert [each.text for each in mended if not each.done] == []
    assert (await audit(engine)).findings == []


async def test_a_booking_that_nothing_points_to_is_found_by_a_walk(engine: Engine, booked: Sample) -> None:
    await booking_lost_by_mongo(engine, booked)
    await lost_seat(engine, booked)
    assert await found_by(engine) == set()
    report = await audit(engine, thorough=True)
    assert {finding.kind for finding in report.findings} == {"booking-unwritten", "lost-seat"}
    await Repair(engine).run(report.findings)
    assert (await audit(engine, thorough=True)).findings == []
    assert await engine.store.bookings.active(booked.slots[0].id, 1)
    with pytest.raises(SlotTaken):
        await engine.book(booked.request(0))


async def test_a_walk_finds_nothing_where_all_is_well(engine: Engine, booked: Sample) -> None:
    report = await audit(engine, thorough=True)
    assert report.findings == []
    assert (report.experts, report.slots, report.bookings, report.holds) == (1, 9, 4, 1)


async def test_a_mended_seat_is_shown_to_everybody_who_watches(engine: Engine, booked: Sample) -> None:
    await ghost_seat(engine, booked)
    room = engine.feed.room(booked.expert.id)
    await room.ready()
    assert room.slots[booked.slots[3].id].seatmap == "b"
    await Repair(engine).run((await audit(engine)).findings)
    await asyncio.sleep(0.1)
    await room.ready()
    assert room.slots[booked.slots[3].id].seatmap == "."
    await engine.book(booked.request(3))


async def test_a_slot_put_back_has_its_bookings(engine: Engine, booked: Sample) -> None:
    await calendar_lost_by_redis(engine, booked)
    await Repair(engine).run((await audit(engine)).findings)
    slots = (await engine.calendar(booked.expert.id)).slots
    assert slots[0].seatmap == "b"
    assert slots[-1].seatmap.startswith("bb")


async def test_two_bookings_of_one_seat_are_found_and_left_to_a_person(engine: Engine, booked: Sample) -> None:
    """The index makes it impossible, so it has to go first."""
    bookings = engine.store._database["bookings"]
    await bookings.drop_index(FENCE)
    document = await bookings.find_one({"_id": await booking_id(engine, booked, booked.slots[0])})
    assert document
    document["_id"] = new_booking_id(booked.expert.id)
    del document["idem"]
    await bookings.insert_one(document)
    report = await audit(engine)
    assert [finding.kind for finding in report.findings] == ["double-booking"]
    assert document["_id"] in report.findings[0].detail
    [mended] = await Repair(engine).run(report.findings)
    assert not mended.done
    assert "a person" in mended.text


async def test_two_bookings_of_one_seat_in_redis_alone_are_settled_by_the_fence(engine: Engine, booked: Sample) -> None:
    stored = await booking_id(engine, booked, booked.slots[0])
    partition = partition_of(engine, booked)
    live = from_record(await engine.calls.command("GET", partition.booking(stored)))
    second = new_booking_id(booked.expert.id)
    another = replace(live, id=second, idempotency=None, revision=1)
    await engine.calls.command("SET", partition.booking(second), to_record(another))
    # Nobody looks for a booking that only Redis knows, unless a seat has no owner.
    await ghost_seat(engine, booked)
    report = await audit(engine)
    assert {(f.kind, f.subject) for f in report.findings} >= {
        ("booking-unwritten", second),
        ("ghost-seat", booked.slots[3].id),
    }
    await Repair(engine).run(report.findings)
    assert await found_by(engine) == set()
    holder = await engine.store.bookings.active(booked.slots[0].id, 1)
    assert holder
    assert holder.id == stored


async def test_a_partition_without_an_epoch_is_found_and_rebuilt(engine: Engine, booked: Sample) -> None:
    engine.calls.on_missing_epoch = lambda: None
    await engine.calls.command("DEL", partition_of(engine, booked).epoch)
    report = await audit(engine)
    assert {finding.kind for finding in report.findings} == {"no-epoch"}
    mended = await Repair(engine).run(report.findings)
    assert all(each.done for each in mended)
    assert await found_by(engine) == set()


async def test_an_entry_that_nobody_adopts_is_found_and_written(engine: Engine, booked: Sample) -> None:
    for task in engine.journal._tasks:
        task.cancel()
    partition = partition_of(engine, booked)
    seat_taken = asyncio.create_task(engine.book(booked.request(4)))
    await asyncio.sleep(0.05)
    seat_taken.cancel()
    assert await found_by(engine) == set(), "it is in the outbox, and not for long yet"
    await asyncio.sleep(1.6)
    report = await audit(engine)
    assert [finding.kind for finding in report.findings] == ["stuck"]
    assert report.findings[0].subject.startswith(f"{booked.expert.id}-")
    assert " " not in report.findings[0].subject, "its id, and nothing of what the customer wrote"
    engine.journal._queue.clear()
    engine.journal._tasks.clear()
    engine.journal.start()
    [mended] = await Repair(engine).run(report.findings)
    assert mended.done
    assert await engine.calls.command("XLEN", partition.outbox) == 0
    assert await engine.store.bookings.active(booked.slots[4].id, 1)
    assert await found_by(engine) == set()


async def test_poison_is_shown_until_it_is_out_of_date(engine: Engine, booked: Sample) -> None:
    partition = partition_of(engine, booked)
    await engine.calls.command("XADD", partition.outbox, "*", "id", "nonsense", "rev", "x")
    await engine.journal.adopt(0)
    report = await audit(engine)
    assert [finding.kind for finding in report.findings] == ["poison"]
    assert "nonsense" in report.findings[0].detail
    [mended] = await Repair(engine).run(report.findings)
    assert not mended.done
    await engine.calls.command("DEL", partition.poison)

    booking = await booking_id(engine, booked, booked.slots[0])
    live = await engine.calls.command("GET", partition.booking(booking))
    await engine.calls.command("XADD", partition.poison, "*", "booking", live, "why", "it was refused")
    report = await audit(engine)
    assert report.findings[0].detail == f"{booking}: it was refused", "and nothing of what the customer wrote"
    [mended] = await Repair(engine).run(report.findings)
    assert mended.done
    assert await found_by(engine) == set()


@pytest.mark.parametrize("ends", [False, True], ids=["and is held", "and is free again"])
async def test_a_change_of_a_seat_between_the_look_and_the_mend_wins(
    engine: Engine, booked: Sample, ends: bool
) -> None:
    """A seat that was taken and given back looks as it did and is not: somebody else may have a right to it by then."""
    repair = Repair(engine)
    await lost_seat(engine, booked)
    partition = partition_of(engine, booked)
    [evidence] = await repair._audit.witness.hear(partition, [booked.expert.id])
    [finding] = [f for f in faults(evidence, partition.number, repair._audit.clock()) if f.kind == "lost-seat"]
    hold = await engine.holds.hold(booked.slots[0].id)
    if ends:
        await engine.holds.release(hold.token)
    await repair._mend_seats(partition, evidence, [finding])
    await repair._mend_slots(partition, evidence, {booked.slots[0].id})
    slots = (await engine.calendar(booked.expert.id)).slots
    assert slots[0].seatmap == ("." if ends else "h"), "nothing was mended"


async def test_seats_of_an_expert_that_everybody_wants_are_mended_all_the_same(
    engine: Engine, booked: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An hour of faults found this: after an old Redis came back, the seats of cancelled bookings stayed taken, since
    the calendar never stood still while the evidence was read; after eight tries the partition was called settled."""
    await engine.reconciler.stop()
    await rewrite(engine, booked, booked.group, seatmap="bbh.b..")
    await ghost_seat(engine, booked)
    hear = Witness._stored_bookings
    seats: set[int] = set()

    async def busily(witness: Witness, experts: Mapping[str, Evidence]) -> None:
        await hear(witness, experts)
        busy = await engine.book(booked.request(booked.group))
        seats.add(busy.booking.seat)
        await engine.change(busy.booking.id, Status.CANCELLED, "customer")

    monkeypatch.setattr(Witness, "_stored_bookings", busily)
    report = await audit(engine)
    assert {(f.kind, f.subject, f.seat) for f in report.findings} == {
        ("ghost-seat", booked.slots[3].id, 1), ("ghost-seat", booked.group.id, 5),
    }  # fmt: skip
    assert all(each.done for each in await Repair(engine).run(report.findings))
    assert seats == {4}, "something happened to the same slot all the time"
    monkeypatch.undo()
    slots = {slot.id: slot.seatmap for slot in (await engine.calendar(booked.expert.id)).slots}
    assert slots[booked.slots[3].id] == "."
    assert slots[booked.group.id] == "bbh...."
    assert (await audit(engine)).findings == []


class Crowd:
    """Customers who do everything at once to a few experts."""

    def __init__(self, engine: Engine, samples: list[Sample]) -> None:
        self.engine = engine
        self.samples = samples
        self.done = 0
        self.bookings: list[str] = []
        self.tokens: list[str] = []

    async def one(self, random: random.Random) -> None:
        while True:
            sample = random.choice(self.samples)
            slot = random.choice(sample.slots)
            try:
                await self.act(random, sample, slot)
                self.done += 1
            except SlotlineError:
                pass
            await asyncio.sleep(0)

    async def act(self, random: random.Random, sample: Sample, slot: Slot) -> None:
        engine, what = self.engine, random.random()
        if what < 0.35 or not self.bookings:
            key = f"key{random.random()}" if random.random() < 0.5 else None
            self.bookings.append((await engine.book(sample.request(slot, key=key))).booking.id)
        elif what < 0.5:
            self.tokens.append((await engine.holds.hold(slot.id)).token)
        elif what < 0.6 and self.tokens:
            await engine.holds.release(self.tokens.pop())
        elif what < 0.85:
            booking_id = self.bookings.pop(random.randrange(len(self.bookings)))
            await engine.change(booking_id, Status.CANCELLED, "customer")
        elif what < 0.95:
            booking_id = random.choice(self.bookings)
            place = next(s for s in self.samples if booking_id.startswith(s.expert.id))
            await engine.reschedule(booking_id, random.choice(place.slots).id, "customer")
        else:
            await (engine.desk.close if random.random() < 0.5 else engine.desk.open)(slot.id)


@pytest.fixture
async def crowd(engine: Engine) -> AsyncIterator[Crowd]:
    begin = int(time.time()) // 60 * 60 + 3600
    crowd = Crowd(engine, [await make_sample(engine, start=begin) for _ in range(6)])
    tasks = [asyncio.create_task(crowd.one(random.Random(seed))) for seed in range(12)]
    yield crowd
    for task in tasks:
        task.cancel()
    ends = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(end, asyncio.CancelledError) for end in ends), ends


async def test_a_busy_system_is_not_accused(crowd: Crowd) -> None:
    for _ in range(6):
        before = crowd.done
        report = await audit(crowd.engine)
        assert report.findings == []
        await asyncio.sleep(0.1)
        assert crowd.done > before, "the load goes on meanwhile"
    assert crowd.done > 200


async def test_a_busy_system_is_not_accused_however_slowly_it_is_read(
    crowd: Crowd, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look at Redis and the look at MongoDB much happens: the first look is full of suspicions."""
    suspected: list[int] = []
    hear = Witness._stored_bookings

    async def slowly(witness: Witness, experts: Mapping[str, Evidence]) -> None:
        await asyncio.sleep(0.05)
        await hear(witness, experts)
        await asyncio.sleep(0.05)

    def counted(evidence: Evidence, partition: int, clock: Clock) -> list[Finding]:
        found = faults(evidence, partition, clock)
        suspected.append(len(found))
        return found

    monkeypatch.setattr(Witness, "_stored_bookings", slowly)
    monkeypatch.setattr("engine.audit.faults", counted)
    for _ in range(2):
        assert (await audit(crowd.engine)).findings == []
    assert sum(suspected) > 0


async def test_damage_is_found_and_mended_under_load_without_harm(crowd: Crowd) -> None:
    """What is mended must not undo what happens at the same time."""
    engine = crowd.engine
    quiet = await make_sample(engine, start=crowd.samples[0].slots[0].start)
    await ghost_seat(engine, quiet)
    crowd.samples[0].slots.append(
        ghost := new_slot(crowd.samples[0].expert.id, quiet.group.end + 3600, quiet.group.end + 7200, seats=3)
    )
    await engine.add_slots([ghost])
    await rewrite(engine, crowd.samples[0], ghost, seatmap="b.b", held_until=0)
    mended = []
    for _ in range(5):
        report = await audit(engine)
        if report.clean and not report.unsettled:
            break
        mended += await Repair(engine).run(report.findings)
    assert len([each for each in mended if each.done]) >= 2
    assert (await audit(engine)).findings == []
