from __future__ import annotations

import asyncio

import pytest

from engine.engine import Engine
from engine.errors import (
    BookingNotFound,
    IdempotencyKeyReused,
    InvalidTransition,
    SlotClosed,
    SlotNotFound,
    SlotPast,
    SlotTaken,
)
from engine.model import Slot, Status, new_booking_id, new_slot
from tests.engine.forgetting import late, seatmap
from tests.promise.checks import until
from tests.samples import Sample


async def test_a_booking_is_durable_when_it_is_answered(engine: Engine, sample: Sample) -> None:
    booked = await engine.book(sample.request())
    stored = await engine.store.bookings.get(booked.booking.id)
    assert stored == booked.booking
    assert booked.durable
    assert not booked.replayed
    assert stored.status is Status.PENDING
    assert stored.seat == 1


async def test_the_outbox_is_empty_once_the_booking_is_answered(engine: Engine, sample: Sample) -> None:
    await engine.book(sample.request())
    outbox = engine.keys.of(sample.expert.id).outbox
    await asyncio.sleep(0.05)
    assert await engine.calls.command("XLEN", outbox) == 0


async def test_a_taken_seat_is_refused(engine: Engine, sample: Sample) -> None:
    await engine.book(sample.request())
    with pytest.raises(SlotTaken):
        await engine.book(sample.request(name="Bob"))


async def test_each_booking_of_a_group_gets_a_seat_of_its_own(engine: Engine, sample: Sample) -> None:
    booked = await asyncio.gather(*(engine.book(sample.request(sample.group)) for _ in range(7)))
    assert sorted(each.booking.seat for each in booked) == [1, 2, 3, 4, 5, 6, 7]
    with pytest.raises(SlotTaken):
        await engine.book(sample.request(sample.group))


async def test_a_cancelled_seat_can_be_booked_again(engine: Engine, sample: Sample) -> None:
    first = await engine.book(sample.request())
    cancelled = await engine.change(first.booking.id, Status.CANCELLED, "customer", "ill")
    assert cancelled.status is Status.CANCELLED
    assert cancelled.history[-1].reason == "ill"
    second = await engine.book(sample.request())
    assert second.booking.id != first.booking.id
    stored = await engine.store.bookings.get(first.booking.id)
    assert stored == cancelled


async def test_the_seat_given_back_is_the_next_one_taken(engine: Engine, sample: Sample) -> None:
    booked = await asyncio.gather(*(engine.book(sample.request(sample.group)) for _ in range(4)))
    second = next(each.booking for each in booked if each.booking.seat == 2)
    await engine.change(second.id, Status.CANCELLED, "customer")
    assert (await engine.book(sample.request(sample.group))).booking.seat == 2


async def test_a_booking_goes_from_pending_to_completed(engine: Engine, sample: Sample) -> None:
    booking = (await engine.book(sample.request())).booking
    await engine.change(booking.id, Status.CONFIRMED, "admin")
    await engine.change(booking.id, Status.COMPLETED, "admin")
    stored = await engine.store.bookings.get(booking.id)
    assert stored is not None
    assert [change.to_status for change in stored.history] == ["pending", "confirmed", "completed"]
    assert stored.revision == 3


@pytest.mark.parametrize(
    ("path", "refused"),
    [
        ([], Status.COMPLETED),
        ([Status.CONFIRMED], Status.PENDING),
        ([Status.CANCELLED], Status.CONFIRMED),
        ([Status.CANCELLED], Status.PENDING),
        ([Status.CONFIRMED, Status.COMPLETED], Status.CANCELLED),
        ([Status.CONFIRMED, Status.COMPLETED], Status.CONFIRMED),
    ],
)
async def test_no_other_transition_is_possible(
    engine: Engine, sample: Sample, path: list[Status], refused: Status
) -> None:
    booking = (await engine.book(sample.request())).booking
    for status in path:
        await engine.change(booking.id, status, "admin")
    before = await engine.booking(booking.id)
    with pytest.raises(InvalidTransition):
        await engine.change(booking.id, refused, "admin")
    assert await engine.booking(booking.id) == before


@pytest.mark.parametrize("status", [Status.PENDING, Status.CONFIRMED, Status.COMPLETED, Status.CANCELLED])
async def test_the_present_status_again_changes_nothing(engine: Engine, sample: Sample, status: Status) -> None:
    booking = (await engine.book(sample.request())).booking
    path = {Status.PENDING: [], Status.COMPLETED: [Status.CONFIRMED, status]}.get(status, [status])
    for step in path:
        booking = await engine.change(booking.id, step, "admin")
    assert await engine.change(booking.id, status, "admin") == booking


async def test_a_closed_slot_takes_no_booking_until_it_is_opened(engine: Engine, sample: Sample) -> None:
    slot = sample.slots[0]
    assert (await engine.desk.close(slot.id)).closed
    with pytest.raises(SlotClosed):
        await engine.book(sample.request())
    assert not (await engine.desk.open(slot.id)).closed
    await engine.book(sample.request())


async def test_closing_is_durable_and_keeps_its_bookings(engine: Engine, sample: Sample) -> None:
    booking = (await engine.book(sample.request())).booking
    await engine.desk.close(sample.slots[0].id)
    stored = {slot.id: slot async for slot in engine.store.slots.since([sample.expert.id], "2000-01-01")}
    assert stored[sample.slots[0].id].closed
    assert (await engine.booking(booking.id)).status is Status.PENDING
    assert (await engine.desk.close(sample.slots[0].id)).revision == 1, "closing again is no change"


async def test_a_slot_that_has_begun_is_refused(engine: Engine, sample: Sample) -> None:
    past = new_slot(sample.expert.id, sample.slots[0].start - 7200, sample.slots[0].start - 5400)
    await engine.add_slots([past])
    with pytest.raises(SlotPast):
        await engine.book(sample.request(past))


async def test_an_unknown_slot_is_refused(engine: Engine, sample: Sample) -> None:
    unknown = new_slot(sample.expert.id, sample.slots[-1].end + 86_400, sample.slots[-1].end + 90_000)
    with pytest.raises(SlotNotFound):
        await engine.book(sample.request(unknown))
    with pytest.raises(SlotNotFound):
        await engine.desk.close(unknown.id)


async def test_a_slot_of_another_expert_is_refused(engine: Engine, sample: Sample) -> None:
    request = sample.request()
    request.expert_id = "zzzzzzzzzz"
    with pytest.raises(SlotNotFound):
        await engine.book(request)


async def test_an_unknown_booking_is_not_found(engine: Engine, sample: Sample) -> None:
    unknown = new_booking_id(sample.expert.id)
    with pytest.raises(BookingNotFound):
        await engine.booking(unknown)
    with pytest.raises(BookingNotFound):
        await engine.change(unknown, Status.CANCELLED, "customer")


async def test_the_same_key_gives_the_first_answer_again(engine: Engine, sample: Sample) -> None:
    first = await engine.book(sample.request(key="k"))
    await engine.change(first.booking.id, Status.CONFIRMED, "admin")
    again = await engine.book(sample.request(key="k"))
    assert again.replayed
    assert again.booking == first.booking


async def test_the_same_key_gives_the_first_answer_even_after_a_cancel(engine: Engine, sample: Sample) -> None:
    first = await engine.book(sample.request(key="k"))
    await engine.change(first.booking.id, Status.CANCELLED, "customer")
    again = await engine.book(sample.request(key="k"))
    assert again.replayed
    assert again.booking == first.booking
    assert (await engine.booking(first.booking.id)).status is Status.CANCELLED


async def test_another_request_under_the_same_key_is_refused(engine: Engine, sample: Sample) -> None:
    await engine.book(sample.request(key="k"))
    for other in (sample.request(1, key="k"), sample.request(key="k", name="Bob"), sample.request(key="k", notes="x")):
        with pytest.raises(IdempotencyKeyReused):
            await engine.book(other)
    assert (await engine.calendar(sample.expert.id)).slots[1].free == 1


async def test_the_same_key_forty_times_at_once_books_once(engine: Engine, sample: Sample) -> None:
    answers = await asyncio.gather(*(engine.book(sample.request(sample.group, key="k")) for _ in range(40)))
    assert len({answer.booking.id for answer in answers}) == 1
    assert sum(not answer.replayed for answer in answers) == 1
    assert (await engine.calendar(sample.expert.id)).slots[-1].free == 6


async def test_a_key_used_with_another_expert_is_refused_though_redis_cannot_see_it(
    engine: Engine, sample: Sample
) -> None:
    """Keys live with their expert's partition; the unique index in MongoDB sees them all."""
    from tests.samples import make_sample

    other = await make_sample(engine, start=sample.slots[0].start)
    await engine.book(sample.request(key="k"))
    with pytest.raises(IdempotencyKeyReused):
        await engine.book(other.request(key="k"))
    assert (await engine.calendar(other.expert.id)).slots[0].free == 1, "the claim was taken back"
    assert await engine.calls.command("XLEN", engine.keys.of(other.expert.id).outbox) == 0


async def test_a_booking_long_gone_from_redis_can_still_be_changed(engine: Engine, sample: Sample) -> None:
    booking = (await engine.book(sample.request())).booking
    await engine.calls.command("DEL", engine.keys.of(booking.id).booking(booking.id))
    assert await engine.booking(booking.id) == booking
    changed = await engine.change(booking.id, Status.CONFIRMED, "admin")
    assert changed.status is Status.CONFIRMED
    assert await engine.store.bookings.get(booking.id) == changed


async def test_a_client_that_goes_away_harms_nobody_else(engine: Engine, sample: Sample) -> None:
    """A cancelled future used to end the link's reader, and the committer, for everybody."""
    for step in (0.0, 0.0005, 0.001, 0.002, 0.005):
        gone = asyncio.create_task(engine.book(sample.request(sample.group)))
        await asyncio.sleep(step)
        gone.cancel()
        await asyncio.gather(gone, return_exceptions=True)
    await engine.book(sample.request(1))
    assert engine.link.up


async def test_what_was_put_on_sale_first_is_on_sale(engine: Engine, sample: Sample) -> None:
    """Somebody else adds it at the same time with other seats: MongoDB has one of them, and Redis has that one."""
    start = sample.group.end + 3600
    first = new_slot(sample.expert.id, start, start + 1800)
    other = new_slot(sample.expert.id, start, start + 3600, seats=2)
    await engine.store.slots.add([first])
    assert await engine.add_slots([other]) == 0
    calendar = {slot.id: slot for slot in (await engine.calendar(sample.expert.id)).slots}
    assert calendar[other.id] == first


async def test_a_booking_is_not_ended_where_it_is_not_any_more(engine: Engine, sample: Sample) -> None:
    """Its slot is closed with all that is in it; the customer has just moved it to another one."""
    here, there = sample.slots[:2]
    booking = (await engine.book(sample.request(here))).booking
    moved = await engine.reschedule(booking.id, there.id, "customer")
    with pytest.raises(InvalidTransition):
        await engine.change(booking.id, Status.CANCELLED, "admin", slot_id=here.id)
    assert await engine.booking(booking.id) == moved
    gone = await engine.change(booking.id, Status.CANCELLED, "admin", slot_id=there.id)
    assert gone.status is Status.CANCELLED


async def test_who_has_just_taken_the_seat_of_somebody_else_is_cancelled_with_the_slot(
    engine: Engine, other: Engine, sample: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    """MongoDB knew as many bookings as there were seats booked: the former one, and not yet the one that there is."""
    slot = sample.slots[0]
    former = (await engine.book(sample.request(slot))).booking
    arrives = await late(other, monkeypatch)
    leaving = asyncio.create_task(other.change(former.id, Status.CANCELLED, "customer"))
    await until(lambda: is_marked(engine, slot, "."), within=5, why="the seat is free")
    booking = asyncio.create_task(other.book(sample.request(slot, name="Bob Builder")))
    await until(lambda: is_marked(engine, slot, "b"), within=5, why="somebody else has it")
    closing = asyncio.create_task(engine.admin.close_slot(slot.id, "cancel", "ill"))
    await asyncio.sleep(0.3)
    arrives.set()
    closed = await closing
    assert (closed.kept, closed.cancelled, closed.slot.seatmap) == (0, 1, ".")
    await leaving
    assert (await engine.booking((await booking).booking.id)).status is Status.CANCELLED


async def is_marked(engine: Engine, slot: Slot, marks: str) -> bool:
    return await seatmap(engine, slot) == marks
