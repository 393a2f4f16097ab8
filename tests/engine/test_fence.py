"""Redis has lost its tail and gives a seat away twice: MongoDB refuses, and Redis is mended."""

from __future__ import annotations

import asyncio

import pytest

from engine.claim import Request
from engine.engine import Engine
from engine.errors import IdempotencyKeyReused, SlotTaken, StoreUnavailable
from engine.model import Booking, Status
from engine.records import to_record
from tests.engine.forgetting import active, assert_empty_outbox, assert_only, forget, seatmap
from tests.samples import Sample, make_sample


@pytest.mark.parametrize("group", [False, True])
async def test_a_seat_that_redis_forgot_is_not_sold_again(engine: Engine, sample: Sample, group: bool) -> None:
    slot = sample.group if group else sample.slots[0]
    first = (await engine.book(sample.request(slot))).booking
    await forget(engine, first, slot=slot)
    with pytest.raises(SlotTaken):
        await engine.book(sample.request(slot, name="Bob", key="bob"))
    await assert_only(engine, first, slot)
    keys = await engine.calls.command("KEYS", engine.keys.of(slot.id).idempotency("*"))
    assert keys == [], "the refused request may be sent again under its key"


async def test_the_next_seat_is_sold_once_redis_is_mended(engine: Engine, sample: Sample) -> None:
    slot = sample.group
    first = (await engine.book(sample.request(slot))).booking
    await forget(engine, first, slot=slot)
    with pytest.raises(SlotTaken):
        await engine.book(sample.request(slot))
    assert (await engine.book(sample.request(slot))).booking.seat == 2


async def test_everybody_who_comes_at_once_is_told(engine: Engine, sample: Sample) -> None:
    """The seats of three forgotten bookings are claimed in one group, with four that are free."""
    slot = sample.group
    first = [(await engine.book(sample.request(slot))).booking for _ in range(3)]
    await forget(engine, *first, slot=slot)
    answers = await asyncio.gather(*(engine.book(sample.request(slot)) for _ in range(7)), return_exceptions=True)
    assert sum(isinstance(answer, SlotTaken) for answer in answers) == 3
    assert sorted(booking.seat for booking in await active(engine, slot)) == [1, 2, 3, 4, 5, 6, 7]
    assert await seatmap(engine, slot) == "b" * 7
    assert {booking.id for booking in first} <= {booking.id for booking in await active(engine, slot)}
    await assert_empty_outbox(engine, slot)


async def test_a_watcher_sees_the_mended_seat(engine: Engine, sample: Sample) -> None:
    slot = sample.slots[0]
    room = engine.feed.room(slot.expert_id)
    first = (await engine.book(sample.request())).booking
    await forget(engine, first, slot=slot)
    with pytest.raises(SlotTaken):
        await engine.book(sample.request())
    async with asyncio.timeout(5):
        while not room.current or room.slots[slot.id].seatmap != "b":
            await asyncio.sleep(0.01)
    assert room.version == (await engine.calendars.read(slot.expert_id)).version


@pytest.mark.parametrize("group", [False, True])
async def test_the_same_key_gives_the_same_booking_though_redis_forgot(
    engine: Engine, sample: Sample, group: bool
) -> None:
    slot = sample.group if group else sample.slots[0]
    first = (await engine.book(sample.request(slot, key="k"))).booking
    await forget(engine, first, slot=slot)
    again = await engine.book(sample.request(slot, key="k"))
    assert again.replayed
    assert again.booking == first
    await assert_only(engine, first, slot)
    once_more = await engine.book(sample.request(slot, key="k"))
    assert (once_more.replayed, once_more.booking) == (True, first)


async def test_the_same_key_gives_the_same_booking_though_its_seat_was_given_away(
    engine: Engine, sample: Sample
) -> None:
    """The forgotten booking has seat 1; the retry's claim gets seat 2, and must not keep it."""
    slot = sample.group
    first = (await engine.book(sample.request(slot, key="k"))).booking
    await forget(engine, first, slot=slot)
    engine_record = slot.record[:-7] + "b......"
    await engine.calls.command("HSET", engine.keys.of(slot.id).calendar(slot.expert_id), slot.id, engine_record)
    again = await engine.book(sample.request(slot, key="k"))
    assert (again.replayed, again.booking) == (True, first)
    await assert_only(engine, first, slot)


async def test_a_key_whose_booking_was_taken_back_meanwhile_books_again(
    engine: Engine, sample: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Redis knows the key when it is asked first; then the claim is given up, before it was ever in MongoDB."""
    slot = sample.slots[0]
    first = (await engine.book(sample.request(key="k"))).booking
    await engine.store._database["bookings"].delete_one({"_id": first.id})
    live = engine.fence.live

    async def given_up(booking_id: str) -> Booking | None:
        await forget(engine, first, slot=slot)
        return await live(booking_id)

    monkeypatch.setattr(engine.fence, "live", given_up)
    second = await engine.book(sample.request(key="k"))
    assert not second.replayed
    assert await engine.store.bookings.get(second.booking.id) == second.booking


async def test_a_key_whose_claim_was_taken_back_for_another_expert_is_reused(
    engine: Engine, sample: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten requests with one key at once, for two experts: a claim of the losing one was known when its twin looked, and
    had been taken back when it looked again."""
    other = await make_sample(engine, start=sample.slots[0].start)
    while engine.keys.of(other.expert.id) == engine.keys.of(sample.expert.id):
        other = await make_sample(engine, start=sample.slots[0].start)
    slot = sample.slots[0]
    first = (await engine.book(sample.request(key="k"))).booking
    await engine.store._database["bookings"].delete_one({"_id": first.id})
    await engine.book(other.request(key="k"))
    live = engine.fence.live

    async def taken_back(booking_id: str) -> Booking | None:
        await engine.calls.command("DEL", engine.keys.of(first.id).booking(first.id))
        return await live(booking_id)

    monkeypatch.setattr(engine.fence, "live", taken_back)
    with pytest.raises(IdempotencyKeyReused):
        await engine.book(sample.request(slot, key="k"))


async def test_a_key_that_leads_nowhere_is_unavailable_and_not_unknown(engine: Engine, sample: Sample) -> None:
    first = (await engine.book(sample.request(key="k"))).booking
    await engine.store._database["bookings"].delete_one({"_id": first.id})
    await engine.calls.command("DEL", engine.keys.of(first.id).booking(first.id))
    with pytest.raises(StoreUnavailable):
        await engine.book(sample.request(key="k"))


async def test_another_request_under_a_forgotten_key_is_refused(engine: Engine, sample: Sample) -> None:
    first = (await engine.book(sample.request(0, key="k"))).booking
    await forget(engine, first, slot=sample.slots[0])
    with pytest.raises(IdempotencyKeyReused):
        await engine.book(sample.request(1, key="k"))
    assert await seatmap(engine, sample.slots[1]) == "."
    await assert_only(engine, first, sample.slots[0])


async def test_a_forgotten_booking_that_was_confirmed_comes_back_confirmed(engine: Engine, sample: Sample) -> None:
    """Redis restored from an hour ago: the booking is there, at an older revision, and its seat is free."""
    slot = sample.slots[0]
    first = (await engine.book(sample.request())).booking
    confirmed = await engine.change(first.id, Status.CONFIRMED, "admin")
    await forget(engine, first, slot=slot)
    await engine.calls.command("SET", engine.keys.of(first.id).booking(first.id), to_record(first))
    with pytest.raises(SlotTaken):
        await engine.book(sample.request(name="Bob"))
    await assert_only(engine, confirmed, slot)


async def cancel_as_a_worker_that_dies(engine: Engine, booking: Booking) -> None:
    partition = engine.keys.of(booking.id)
    keys = (*partition.feed(booking.expert_id), partition.outbox, partition.booking(booking.id))
    answer = await engine.calls.run("cancel", keys, ('"customer"', "null", *engine.calls.publish, "", 0))
    assert answer[0] == b"ok"


async def test_a_cancel_that_is_not_stored_yet_refuses_nobody(engine: Engine, sample: Sample) -> None:
    slot = sample.slots[0]
    first = (await engine.book(sample.request())).booking
    await cancel_as_a_worker_that_dies(engine, first)
    stored = await engine.store.bookings.get(first.id)
    assert stored is not None
    assert stored.active, "MongoDB has not heard of it"
    second = await engine.book(sample.request(name="Bob"))
    assert second.durable
    assert await active(engine, slot) == [second.booking]
    stored = await engine.store.bookings.get(first.id)
    assert stored is not None
    assert stored.status is Status.CANCELLED
    assert await seatmap(engine, slot) == "b"


async def test_a_chain_of_cancels_that_are_not_stored_refuses_nobody(engine: Engine, sample: Sample) -> None:
    for number in range(5):
        booked = await engine.book(sample.request(name=f"Client {number}"))
        await cancel_as_a_worker_that_dies(engine, booked.booking)
    last = await engine.book(sample.request())
    assert await active(engine, sample.slots[0]) == [last.booking]


async def test_a_key_known_from_another_partition_leaves_no_trace(engine: Engine, sample: Sample) -> None:
    other = await make_sample(engine, start=sample.slots[0].start)
    first = (await engine.book(sample.request(key="k"))).booking
    request: Request = other.request(key="k")
    for _ in range(2):
        with pytest.raises(IdempotencyKeyReused):
            await engine.book(request)
    assert await seatmap(engine, other.slots[0]) == "."
    assert await active(engine, other.slots[0]) == []
    assert await active(engine, sample.slots[0]) == [first]
    await assert_empty_outbox(engine, other.slots[0])
