"""Redis has lost its tail and gives a seat away twice: MongoDB refuses, and Redis is mended."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest

from engine.claim import Booked, Request
from engine.engine import Engine
from engine.entry import Written
from engine.errors import IdempotencyKeyReused, SlotTaken, StoreUnavailable
from engine.model import Booking, Slot, Status
from engine.records import to_record
from engine.settings import Settings
from tests.samples import Sample, make_sample


async def forget(engine: Engine, *bookings: Booking, slot: Slot) -> None:
    """Redis as it was before these bookings: their hashes and keys are gone, the slot is as given."""
    partition = engine.keys.of(slot.expert_id)
    await engine.calls.command("HSET", partition.calendar(slot.expert_id), slot.id, slot.record)
    for booking in bookings:
        await engine.calls.command("DEL", partition.booking(booking.id))
        if booking.idempotency:
            await engine.calls.command("DEL", partition.idempotency(booking.idempotency))


async def seatmap(engine: Engine, slot: Slot) -> str:
    calendar = await engine.calendars.read(slot.expert_id)
    return next(each.seatmap for each in calendar.slots if each.id == slot.id)


async def active(engine: Engine, slot: Slot) -> list[Booking]:
    everything = [booking async for booking in engine.store.bookings.since([slot.expert_id], 0)]
    return [booking for booking in everything if booking.slot_id == slot.id and booking.active]


async def assert_empty_outbox(engine: Engine, slot: Slot) -> None:
    async with asyncio.timeout(5):
        while await engine.calls.command("XLEN", engine.keys.of(slot.id).outbox):
            await asyncio.sleep(0.01)


async def assert_only(engine: Engine, booking: Booking, slot: Slot) -> None:
    """Redis and MongoDB agree that this is the slot's only booking; a claim taken back may stay as a cancelled one."""
    assert await active(engine, slot) == [booking]
    assert await engine.fence.live(booking.id) == booking
    expected = "".join("b" if seat == booking.seat else "." for seat in range(1, slot.seats + 1))
    assert await seatmap(engine, slot) == expected
    partition = engine.keys.of(slot.id)
    keys = {key.decode() for key in await engine.calls.command("KEYS", partition.booking("*"))}
    assert partition.booking(booking.id) in keys
    for key in keys - {partition.booking(booking.id)}:
        other = await engine.fence.live(key.rpartition(":")[2])
        assert other is not None
        assert other == await engine.store.bookings.get(other.id)
        assert (other.status, other.idempotency) == (Status.CANCELLED, None)
    await assert_empty_outbox(engine, slot)


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
    answer = await engine.calls.run("cancel", keys, ('"customer"', "null", *engine.calls.publish, ""))
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


async def late(worker: Engine, monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """Until it is set, what a worker writes to MongoDB does not get there."""
    arrives = asyncio.Event()
    write = worker.store.bookings.write

    async def wait(bookings: Sequence[Booking]) -> list[tuple[Booking, dict[str, Any]]]:
        await arrives.wait()
        return await write(bookings)

    monkeypatch.setattr(worker.store.bookings, "write", wait)
    return arrives


def hiccup(owner: object, name: str, monkeypatch: pytest.MonkeyPatch, turn: int = 1) -> None:
    """A call of a method fails, for once."""
    method, calls = getattr(owner, name), itertools.count(1)

    async def fail(*arguments: Any) -> Any:
        if next(calls) == turn:
            raise StoreUnavailable("the connection broke")
        return await method(*arguments)

    monkeypatch.setattr(owner, name, fail)


@pytest.fixture
async def worker(settings: Settings, engine: Engine) -> AsyncIterator[Engine]:
    opened = await Engine.open(settings)
    yield opened
    await opened.close()


async def test_who_is_taken_back_hears_it_though_the_judgement_had_to_be_repeated(
    engine: Engine, sample: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first time it ended half-way: MongoDB has the claim as a cancelled one, which is not what was asked for."""
    slot = sample.slots[0]
    first = (await engine.book(sample.request(slot))).booking
    await forget(engine, first, slot=slot)
    hiccup(engine.fence, "restore", monkeypatch)
    with pytest.raises(SlotTaken):
        await engine.book(sample.request(slot, name="Bob", key="bob"))
    await assert_only(engine, first, slot)


async def test_who_is_put_back_hears_it_though_the_judgement_had_to_be_repeated(
    engine: Engine, sample: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = sample.slots[:2]
    moving = (await engine.book(sample.request(here))).booking
    owner = (await engine.book(sample.request(there, name="Bob"))).booking
    await forget(engine, owner, slot=there)
    hiccup(engine.fence, "restore", monkeypatch)
    with pytest.raises(SlotTaken):
        await engine.reschedule(moving.id, there.id, "customer")
    [back] = await active(engine, here)
    assert back.id == moving.id
    assert [await engine.fence.live(booking.id) for booking in (moving, owner)] == [back, owner]
    assert await active(engine, there) == [owner]
    assert [await seatmap(engine, slot) for slot in (here, there)] == ["b", "b"]
    await assert_empty_outbox(engine, there)


async def test_who_is_taken_back_by_another_worker_hears_it_from_his_own(
    engine: Engine, sample: Sample, worker: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """His worker's write was slow, and the other one has adopted his entry meanwhile."""
    slot = sample.slots[0]
    first = (await engine.book(sample.request(slot))).booking
    await forget(engine, first, slot=slot)
    arrives = await late(worker, monkeypatch)
    bob = asyncio.create_task(worker.book(sample.request(slot, name="Bob", key="bob")))
    while not worker.journal.backlog:
        await asyncio.sleep(0.005)
    await engine.journal.adopt(0)
    arrives.set()
    with pytest.raises(SlotTaken):
        await bob
    await assert_only(engine, first, slot)


async def test_one_who_cannot_be_judged_now_keeps_nobody_of_his_group_waiting(
    engine: Engine, sample: Sample, worker: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    slots = sample.slots[:2]
    for slot in slots:
        await forget(engine, (await engine.book(sample.request(slot))).booking, slot=slot)
    arrives = await late(worker, monkeypatch)
    hiccup(worker.fence, "judge", monkeypatch, turn=2)
    asked = [
        worker.desk.book(sample.request(slot, name=name), "customer")
        for slot, name in ((slots[0], "Bob"), (slots[1], "Cleo"), (sample.slots[2], "Dora"))
    ]
    await asyncio.sleep(0.1)
    arrives.set()
    said = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(each) for each in said] == [SlotTaken, SlotTaken, Booked]


async def test_a_move_that_redis_has_forgotten_and_whose_seat_is_taken_is_refused(
    engine: Engine, sample: Sample, worker: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was on its way to MongoDB. Redis came back with the booking as it was before, or without it."""
    here, there = sample.slots[:2]
    for name, older in (("Ann", True), ("Bob", False)):
        moving = (await engine.book(sample.request(here, name=name))).booking
        arrives = await late(worker, monkeypatch)
        asked = asyncio.create_task(worker.reschedule(moving.id, there.id, "customer"))
        while not worker.journal.backlog:
            await asyncio.sleep(0.005)
        partition = engine.keys.of(here.id)
        await engine.calls.command("DEL", partition.outbox)
        await forget(engine, moving, slot=there)
        await engine.calls.command("HSET", partition.calendar(here.expert_id), here.id, here.record.replace(".", "b"))
        if older:
            await engine.calls.command("SET", partition.booking(moving.id), to_record(moving))
        owner = (await engine.book(sample.request(there, name="Zed"))).booking
        arrives.set()
        async with asyncio.timeout(5):
            with pytest.raises(SlotTaken):
                await asked
        assert worker.journal.backlog == 0
        assert await active(engine, here) == [moving]
        assert await active(engine, there) == [owner]
        assert await seatmap(engine, there) == "b"
        monkeypatch.undo()
        for booking in (moving, owner):
            await engine.fence.restore(booking)
            await engine.change(booking.id, Status.CANCELLED, "customer")


async def test_a_claim_that_its_key_forbids_leaves_the_seat_to_nobody_who_has_left_it(
    engine: Engine, sample: Sample, worker: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    await engine.reconciler.stop()
    await worker.reconciler.stop()
    other = await make_sample(engine, start=sample.slots[0].start)
    while engine.keys.of(other.expert.id) == engine.keys.of(sample.expert.id):
        other = await make_sample(engine, start=sample.slots[0].start)
    slot = other.slots[0]
    await engine.book(sample.request(0, key="k"))
    leaving = (await engine.book(other.request(slot, name="Zed"))).booking
    arrives = await late(worker, monkeypatch)
    cancelling = asyncio.create_task(worker.change(leaving.id, Status.CANCELLED, "customer"))
    while not worker.journal.backlog:
        await asyncio.sleep(0.005)
    with pytest.raises(IdempotencyKeyReused):
        await engine.book(other.request(slot, key="k"))
    arrives.set()
    await cancelling
    assert await seatmap(engine, slot) == "."
    assert (await engine.book(other.request(slot, name="New"))).booking.seat == 1


class Moves:
    """Moves and claims that Redis has decided and nobody has written yet, to be written in another order."""

    def __init__(self, engine: Engine, sample: Sample) -> None:
        self.engine = engine
        self.sample = sample

    async def book(self, slot: int) -> Booking:
        return (await self.engine.book(self.sample.request(slot))).booking

    async def move(self, booking: Booking, slot: int) -> tuple[Booking, bytes]:
        desk, partition = self.engine.desk, self.engine.keys.of(booking.id)
        target = self.sample.slots[slot].id
        keys = (
            *partition.feed(booking.expert_id), partition.outbox, partition.booking(booking.id),
            *partition.holds(target),
        )  # fmt: skip
        told = (target, '"customer"', "null", *desk._limits, *self.engine.calls.publish)
        answer = await self.engine.calls.run("reschedule", keys, told)
        assert answer[0] == b"ok"
        return self.engine.calls.booking(answer), answer[-1]

    async def claim(self, slot: int) -> tuple[Booking, bytes]:
        claim = self.engine.desk._prepare(self.sample.request(slot), "customer")
        answer = await self.engine.calls.run("book", claim.keys, claim.args)
        assert answer[0] == b"ok"
        return claim.booking(answer), answer[5]

    async def write(self, *decided: tuple[Booking, bytes]) -> None:
        """One after the other; each must come to be durable."""
        for booking, entry in decided:
            async with asyncio.timeout(10):
                assert await self.engine.journal.commit(booking, entry) is Written.DURABLE

    async def check(self, where: dict[str, int]) -> None:
        """Booking → slot, in both stores; no other seat is taken, and nothing waits."""
        slots = self.sample.slots
        for booking_id, slot in where.items():
            live, stored = await self.engine.booking(booking_id), await self.engine.store.bookings.get(booking_id)
            assert live == stored
            assert live.slot_id == slots[slot].id
        taken = [
            n for n, slot in enumerate((await self.engine.calendar(self.sample.expert.id)).slots) if slot.free == 0
        ]
        assert taken == sorted(where.values())
        await asyncio.sleep(0.05)
        assert await self.engine.calls.command("XLEN", self.engine.keys.of(self.sample.expert.id).outbox) == 0


@pytest.fixture
def moves(engine: Engine, sample: Sample) -> Moves:
    return Moves(engine, sample)


async def test_a_chain_of_moves_is_written_from_its_end(moves: Moves) -> None:
    """Each takes the seat that the next one has left. Written in the wrong order each was refused, and the second was
    put back to where it had come from: its seat had a new owner already, and the one it left had none."""
    first, second, third = [await moves.book(slot) for slot in range(3)]
    moved = [await moves.move(booking, slot) for booking, slot in ((third, 3), (second, 2), (first, 1))]
    new = await moves.claim(0)
    await moves.write(new, *reversed(moved))
    await moves.check({new[0].id: 0, first.id: 1, second.id: 2, third.id: 3})


async def test_bookings_that_take_each_others_seats_are_written_together(moves: Moves) -> None:
    """By way of a third seat, of which MongoDB never hears."""
    first, second = await moves.book(0), await moves.book(1)
    aside = await moves.move(first, 2)
    other = await moves.move(second, 0)
    there = await moves.move(first, 1)
    await moves.write(other, there, aside)
    await moves.check({first.id: 1, second.id: 0})


async def test_three_in_a_ring_are_written_together(moves: Moves) -> None:
    first, second, third = [await moves.book(slot) for slot in range(3)]
    decided = [await moves.move(booking, slot) for booking, slot in ((first, 3), (third, 0), (second, 2), (first, 1))]
    new = await moves.claim(3)
    await moves.write(new, *reversed(decided))
    await moves.check({first.id: 1, second.id: 2, third.id: 0, new[0].id: 3})


async def test_a_move_whose_seat_has_a_new_owner_by_now_has_been_made(moves: Moves) -> None:
    """It went on before it was written, and whoever came after it was written first."""
    first, second = await moves.book(0), await moves.book(1)
    passing = await moves.move(first, 2)
    on = await moves.move(first, 3)
    after = await moves.move(second, 2)
    await moves.write(after, passing, on)
    await moves.check({first.id: 3, second.id: 2})


async def test_a_claim_that_has_moved_on_was_made(moves: Moves) -> None:
    new = await moves.claim(0)
    on = await moves.move(new[0], 1)
    other = await moves.claim(0)
    await moves.write(other, new, on)
    await moves.check({new[0].id: 1, other[0].id: 0})
