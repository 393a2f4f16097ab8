"""What the fence makes of a refusal: who is taken back and hears so, and which moves were only written too early."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

import pytest

from engine.claim import Booked
from engine.engine import Engine
from engine.entry import Written
from engine.errors import IdempotencyKeyReused, SlotTaken, StoreUnavailable
from engine.model import Booking, Status
from engine.records import to_record
from tests.engine.forgetting import active, assert_empty_outbox, assert_only, forget, late, seatmap
from tests.samples import Sample, make_sample


def hiccup(owner: object, name: str, monkeypatch: pytest.MonkeyPatch, turn: int = 1) -> None:
    """A call of a method fails, for once."""
    method, calls = getattr(owner, name), itertools.count(1)

    async def fail(*arguments: Any) -> Any:
        if next(calls) == turn:
            raise StoreUnavailable("the connection broke")
        return await method(*arguments)

    monkeypatch.setattr(owner, name, fail)


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
    engine: Engine, sample: Sample, other: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """His worker's write was slow, and the other one has adopted his entry meanwhile."""
    slot = sample.slots[0]
    first = (await engine.book(sample.request(slot))).booking
    await forget(engine, first, slot=slot)
    arrives = await late(other, monkeypatch)
    bob = asyncio.create_task(other.book(sample.request(slot, name="Bob", key="bob")))
    while not other.journal.backlog:
        await asyncio.sleep(0.005)
    await engine.journal.adopt(0)
    arrives.set()
    with pytest.raises(SlotTaken):
        await bob
    await assert_only(engine, first, slot)


async def test_one_who_cannot_be_judged_now_keeps_nobody_of_his_group_waiting(
    engine: Engine, sample: Sample, other: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    slots = sample.slots[:2]
    for slot in slots:
        await forget(engine, (await engine.book(sample.request(slot))).booking, slot=slot)
    arrives = await late(other, monkeypatch)
    hiccup(other.fence, "judge", monkeypatch, turn=2)
    asked = [
        other.desk.book(sample.request(slot, name=name), "customer")
        for slot, name in ((slots[0], "Bob"), (slots[1], "Cleo"), (sample.slots[2], "Dora"))
    ]
    await asyncio.sleep(0.1)
    arrives.set()
    said = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(each) for each in said] == [SlotTaken, SlotTaken, Booked]


async def test_a_move_that_redis_has_forgotten_and_whose_seat_is_taken_is_refused(
    engine: Engine, sample: Sample, other: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was on its way to MongoDB. Redis came back with the booking as it was before, or without it."""
    here, there = sample.slots[:2]
    for name, older in (("Ann", True), ("Bob", False)):
        moving = (await engine.book(sample.request(here, name=name))).booking
        arrives = await late(other, monkeypatch)
        asked = asyncio.create_task(other.reschedule(moving.id, there.id, "customer"))
        while not other.journal.backlog:
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
        assert other.journal.backlog == 0
        assert await active(engine, here) == [moving]
        assert await active(engine, there) == [owner]
        assert await seatmap(engine, there) == "b"
        monkeypatch.undo()
        for booking in (moving, owner):
            await engine.fence.restore(booking)
            await engine.change(booking.id, Status.CANCELLED, "customer")


async def test_a_claim_that_its_key_forbids_leaves_the_seat_to_nobody_who_has_left_it(
    engine: Engine, sample: Sample, other: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    await engine.reconciler.stop()
    await other.reconciler.stop()
    elsewhere = await make_sample(engine, start=sample.slots[0].start)
    while engine.keys.of(elsewhere.expert.id) == engine.keys.of(sample.expert.id):
        elsewhere = await make_sample(engine, start=sample.slots[0].start)
    slot = elsewhere.slots[0]
    await engine.book(sample.request(0, key="k"))
    leaving = (await engine.book(elsewhere.request(slot, name="Zed"))).booking
    arrives = await late(other, monkeypatch)
    cancelling = asyncio.create_task(other.change(leaving.id, Status.CANCELLED, "customer"))
    while not other.journal.backlog:
        await asyncio.sleep(0.005)
    with pytest.raises(IdempotencyKeyReused):
        await engine.book(elsewhere.request(slot, key="k"))
    arrives.set()
    await cancelling
    assert await seatmap(engine, slot) == "."
    assert (await engine.book(elsewhere.request(slot, name="New"))).booking.seat == 1


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
        told = (target, '"customer"', "null", *desk._limits, *self.engine.calls.publish, 0)
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
