"""Many clients, few seats, two worker processes. MongoDB's fence is taken down: Redis alone must decide rightly."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest
from pymongo import MongoClient

from engine.engine import Engine
from engine.model import BOOKED, Booking, Slot, new_slot
from engine.settings import Settings
from engine.store.bookings import FENCE
from tests.engine.contention import WORKERS, contend
from tests.samples import Sample

CLIENTS = 300


@pytest.fixture
async def settings(settings: Settings) -> Settings:
    """Few partitions: each worker opens faster, and none of this depends on them."""
    return settings.model_copy(update={"partitions": 2})


@pytest.fixture
def fall(settings: Settings) -> Callable[[], None]:
    """Takes the fence down: MongoDB then stores two bookings of one seat. Opening an engine puts it up again."""

    def drop() -> None:
        with MongoClient[dict[str, object]](settings.mongo_url) as client:
            client[settings.mongo_database]["bookings"].drop_index(FENCE)

    return drop


async def stored(engine: Engine, slot: Slot) -> list[Booking]:
    """The slot's active bookings, as MongoDB has them."""
    everything = [booking async for booking in engine.store.bookings.since([slot.expert_id], 0)]
    return [booking for booking in everything if booking.slot_id == slot.id and booking.active]


async def live(engine: Engine, slot: Slot) -> list[Booking]:
    """The slot's active bookings, as Redis has them."""
    found = []
    for key in await engine.calls.command("KEYS", engine.keys.of(slot.id).booking("*")):
        booking = await engine.fence.live(key.decode().rpartition(":")[2])
        assert booking is not None
        if booking.active and booking.slot_id == slot.id:
            found.append(booking)
    return found


async def seatmap(engine: Engine, slot: Slot) -> str:
    calendar = await engine.calendar(slot.expert_id)
    return next(each.seatmap for each in calendar.slots if each.id == slot.id)


async def empty(engine: Engine, slot: Slot) -> None:
    """Makes every seat free again, and MongoDB fit for its fence."""
    await engine.calls.command("HSET", engine.keys.of(slot.id).calendar(slot.expert_id), slot.id, slot.record)
    with MongoClient[dict[str, object]](engine.settings.mongo_url) as client:
        client[engine.settings.mongo_database]["bookings"].delete_many({})


async def assert_conserved(engine: Engine, slot: Slot) -> None:
    """free + booked = seats; MongoDB, Redis's bookings and Redis's seats tell the same story."""
    in_mongo, in_redis = await stored(engine, slot), await live(engine, slot)
    taken = [number for number, mark in enumerate(await seatmap(engine, slot), 1) if mark == BOOKED]
    assert sorted(booking.seat for booking in in_mongo) == taken
    assert {booking.id for booking in in_mongo} == {booking.id for booking in in_redis}
    assert await engine.calls.command("XLEN", engine.keys.of(slot.id).outbox) == 0


@pytest.mark.parametrize("seats", [1, 7])
async def test_exactly_as_many_win_as_there_are_seats(
    settings: Settings, engine: Engine, sample: Sample, fall: Callable[[], None], seats: int
) -> None:
    slot = sample.slots[0] if seats == 1 else sample.group
    outcome = await contend(settings, slot, clients=CLIENTS // WORKERS, book="engine", when_ready=fall)
    assert sorted(outcome.seats) == list(range(1, seats + 1))
    assert outcome.refusals == {"slot-taken": CLIENTS - seats}
    assert await seatmap(engine, slot) == BOOKED * seats
    await assert_conserved(engine, slot)


@pytest.mark.parametrize("seats", [1, 7])
async def test_the_same_contention_makes_a_claim_oversell_that_is_not_atomic(
    settings: Settings, engine: Engine, sample: Sample, fall: Callable[[], None], seats: int
) -> None:
    """Else the test above would prove nothing."""
    slot = sample.slots[0] if seats == 1 else sample.group
    for _ in range(5):
        await empty(engine, slot)
        outcome = await contend(settings, slot, clients=CLIENTS // WORKERS, book="mutant", when_ready=fall)
        twice = [seat for seat, bookings in Counter(outcome.seats).items() if bookings > 1]
        if twice:
            break
    assert twice, "no seat was sold twice in any run"
    assert len(await stored(engine, slot)) > seats


async def test_booking_and_cancelling_at_random_keeps_every_seat_accounted_for(
    settings: Settings, engine: Engine, sample: Sample
) -> None:
    """With the fence in place: a seat's next booking may be stored before its last one's cancel, which is settled."""
    slot = new_slot(sample.expert.id, sample.group.end, sample.group.end + 1800, seats=3)
    await engine.add_slots([slot])
    outcome = await contend(settings, slot, seconds=2)
    assert len(outcome.seats) > 20, "there was a storm"
    assert set(outcome.seats) == {1, 2, 3}
    assert outcome.refusals.keys() <= {"slot-taken"}
    await assert_conserved(engine, slot)


async def test_every_booking_of_a_storm_is_stored_once(settings: Settings, engine: Engine, sample: Sample) -> None:
    outcome = await contend(settings, sample.group, seconds=1)
    everything = [booking async for booking in engine.store.bookings.since([sample.expert.id], 0)]
    assert len(everything) == len(outcome.seats)
    assert all(booking.revision == 1 or not booking.active for booking in everything)
