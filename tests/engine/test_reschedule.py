from __future__ import annotations

import asyncio
import random
from dataclasses import replace

import pytest

from engine.engine import Engine
from engine.errors import (
    BookingNotFound,
    InvalidTransition,
    SlotClosed,
    SlotHeld,
    SlotNotFound,
    SlotPast,
    SlotTaken,
    TooManyMoves,
)
from engine.model import Status, new_booking_id, new_slot
from engine.records import to_record
from tests.samples import Sample, make_sample


async def seatmaps(engine: Engine, sample: Sample) -> list[str]:
    return [slot.seatmap for slot in (await engine.calendar(sample.expert.id)).slots]


async def test_a_booking_moves_and_its_old_seat_is_free(engine: Engine, sample: Sample) -> None:
    made = (await engine.book(sample.request(key="k"))).booking
    moved = await engine.reschedule(made.id, sample.slots[3].id, "customer", "train is late")
    assert (moved.id, moved.revision) == (made.id, 2)
    assert (moved.slot_id, moved.start) == (sample.slots[3].id, sample.slots[3].start)
    assert moved.status is Status.PENDING
    assert moved.history[-1].reason == "train is late"
    assert [change.place and change.place.slot_id for change in moved.history] == [made.slot_id, moved.slot_id]
    assert await engine.store.bookings.get(made.id) == moved
    assert (await seatmaps(engine, sample))[:4] == [".", ".", ".", "b"]
    await engine.book(sample.request(0))


async def test_the_key_still_gives_the_first_answer_after_a_move(engine: Engine, sample: Sample) -> None:
    made = (await engine.book(sample.request(key="k"))).booking
    await engine.reschedule(made.id, sample.slots[3].id, "customer")
    again = await engine.book(sample.request(key="k"))
    assert again.replayed
    assert again.booking == made


async def test_to_the_slot_it_has_is_no_change(engine: Engine, sample: Sample) -> None:
    made = (await engine.book(sample.request())).booking
    assert await engine.reschedule(made.id, made.slot_id, "customer") == made


async def test_what_has_ended_goes_nowhere_not_even_to_its_own_slot(engine: Engine, sample: Sample) -> None:
    """A cancelled booking was answered with success: its customer could think that it stood again."""
    made = (await engine.book(sample.request())).booking
    await engine.change(made.id, Status.CANCELLED, "customer")
    with pytest.raises(InvalidTransition):
        await engine.reschedule(made.id, made.slot_id, "customer")


async def test_a_refused_move_changes_nothing(engine: Engine, sample: Sample) -> None:
    made = (await engine.book(sample.request())).booking
    await engine.book(sample.request(1))
    await engine.holds.hold(sample.slots[2].id)
    await engine.desk.close(sample.slots[3].id)
    past = new_slot(sample.expert.id, sample.slots[0].start - 7200, sample.slots[0].start - 5400)
    await engine.add_slots([past])
    unknown = new_slot(sample.expert.id, sample.slots[-1].end + 86_400, sample.slots[-1].end + 90_000)
    other = await make_sample(engine, start=sample.slots[0].start)
    before = await seatmaps(engine, sample)
    for slot, error in [
        (sample.slots[1], SlotTaken),
        (sample.slots[2], SlotHeld),
        (sample.slots[3], SlotClosed),
        (past, SlotPast),
        (unknown, SlotNotFound),
        (other.slots[0], SlotNotFound),
    ]:
        with pytest.raises(error):
            await engine.reschedule(made.id, slot.id, "customer")
    assert await seatmaps(engine, sample) == before
    assert await engine.booking(made.id) == made


@pytest.mark.parametrize("path", [[Status.CANCELLED], [Status.CONFIRMED, Status.COMPLETED]])
async def test_what_is_over_does_not_move(engine: Engine, sample: Sample, path: list[Status]) -> None:
    made = (await engine.book(sample.request())).booking
    for status in path:
        await engine.change(made.id, status, "admin")
    with pytest.raises(InvalidTransition):
        await engine.reschedule(made.id, sample.slots[3].id, "customer")
    with pytest.raises(BookingNotFound):
        await engine.reschedule(new_booking_id(sample.expert.id), sample.slots[3].id, "customer")


async def test_a_storm_of_moves_never_leaves_two_seats_or_none(engine: Engine, sample: Sample) -> None:
    bookings = [(await engine.book(sample.request(sample.slots[n]))).booking for n in range(4)]
    chance = random.Random(7)

    async def wander(booking_id: str) -> None:
        for _ in range(15):
            try:
                await engine.reschedule(booking_id, chance.choice(sample.slots).id, "customer")
            except SlotTaken:
                continue

    await asyncio.gather(*(wander(booking.id) for booking in bookings for _ in range(3)))
    maps = await seatmaps(engine, sample)
    assert sum(seatmap.count("b") for seatmap in maps) == 4
    for booking in bookings:
        live, stored = await engine.booking(booking.id), await engine.store.bookings.get(booking.id)
        assert live == stored
        number = [slot.id for slot in sample.slots].index(live.slot_id)
        assert maps[number][live.seat - 1] == "b"


async def test_a_move_that_the_fence_refuses_is_undone(engine: Engine, sample: Sample) -> None:
    """Redis has forgotten who has the seat a booking moves to: MongoDB refuses, and the booking is where it was."""
    standing = (await engine.book(sample.request(1))).booking
    made = (await engine.book(sample.request(0))).booking
    partition = engine.keys.of(sample.expert.id)
    forgotten = sample.slots[1]
    await engine.calls.command("HSET", partition.calendar(sample.expert.id), forgotten.id, forgotten.record)
    await engine.calls.command("DEL", partition.booking(standing.id))
    with pytest.raises(SlotTaken):
        await engine.reschedule(made.id, forgotten.id, "customer")
    back = await engine.booking(made.id)
    assert (back.slot_id, back.seat) == (made.slot_id, made.seat)
    assert await engine.store.bookings.get(made.id) == back
    assert (await seatmaps(engine, sample))[:2] == ["b", "b"]
    assert await engine.booking(standing.id) == standing
    await asyncio.sleep(0.05)
    assert await engine.calls.command("XLEN", partition.outbox) == 0


async def test_a_booking_is_not_moved_for_ever(engine: Engine, sample: Sample) -> None:
    """Each move makes its history longer, which is written anew with every change."""
    booking = (await engine.book(sample.request(0))).booking
    long = replace(booking, history=booking.history * 500)
    await engine.calls.command("SET", engine.keys.of(booking.id).booking(booking.id), to_record(long))
    before = await seatmaps(engine, sample)
    with pytest.raises(TooManyMoves):
        await engine.reschedule(booking.id, sample.slots[1].id, "customer")
    assert await seatmaps(engine, sample) == before
    assert (await engine.change(booking.id, Status.CANCELLED, "customer")).status is Status.CANCELLED
