"""What a customer may do with a booking ends when its session begins (``until_start``); nobody else is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.engine import Engine
from engine.errors import InvalidTransition, SlotPast
from engine.model import Booking, Slot, Status
from tests.promise.checks import until
from tests.samples import Sample


@pytest.fixture
async def soon(engine: Engine, sample: Sample) -> Slot:
    """It begins within five seconds."""
    start = await engine.now_ms(sample.expert.id) // 1000 + 5
    slot = replace(sample.slots[0], id=f"{sample.expert.id}-soon", start=start, end=start + 1800, seatmap="..")
    await engine.add_slots([slot])
    return slot


async def begins(engine: Engine, slot: Slot) -> None:
    async def has_begun() -> bool:
        return await engine.now_ms(slot.expert_id) >= slot.start * 1000

    await until(has_begun, within=10, why="it begins")


async def seats(engine: Engine, slot: Slot) -> str:
    return next(each.seatmap for each in (await engine.calendar(slot.expert_id)).slots if each.id == slot.id)


@pytest.mark.parametrize("gone", [False, True], ids=["live", "gone from Redis"])
@pytest.mark.usefixtures("agreement")
async def test_who_attended_cannot_cancel_or_move_it(engine: Engine, sample: Sample, soon: Slot, gone: bool) -> None:
    """They could have the same session again next week, or have it cancelled instead of completed."""
    made = (await engine.book(sample.request(soon))).booking
    await begins(engine, soon)
    for _ in range(2):
        if gone:
            await engine.calls.command("DEL", engine.keys.of(made.id).booking(made.id))
        with pytest.raises(SlotPast):
            await engine.change(made.id, Status.CANCELLED, "customer", until_start=True)
        with pytest.raises(SlotPast):
            await engine.reschedule(made.id, sample.slots[3].id, "customer", until_start=True)
    assert await engine.booking(made.id) == await engine.store.bookings.get(made.id) == made
    assert (await seats(engine, soon), await seats(engine, sample.slots[3])) == ("b.", ".")
    assert await engine.reschedule(made.id, soon.id, "customer", until_start=True) == made, "it is there"
    moved = await engine.reschedule(made.id, sample.slots[3].id, "admin")
    assert moved.slot_id == sample.slots[3].id
    assert (await engine.change(made.id, Status.CANCELLED, "customer", until_start=True)).status is Status.CANCELLED


@pytest.mark.usefixtures("agreement")
async def test_what_was_done_before_is_told_again_after_the_start(engine: Engine, sample: Sample, soon: Slot) -> None:
    async def cancel(booking: Booking) -> Booking:
        return await engine.change(booking.id, Status.CANCELLED, "customer", until_start=True)

    async def move(booking: Booking) -> Booking:
        return await engine.reschedule(booking.id, soon.id, "customer", until_start=True)

    one, two = [(await engine.book(sample.request(number))).booking for number in range(2)]
    moved = await move(one)
    cancelled = await cancel(await move(two))
    await begins(engine, soon)
    assert await move(one) == moved
    assert await cancel(two) == cancelled
    with pytest.raises(InvalidTransition):
        await move(two)
