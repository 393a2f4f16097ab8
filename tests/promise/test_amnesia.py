"""Redis has forgotten everything, its scripts, or its last minutes: MongoDB remembers, and Redis is mended from it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from engine.claim import Booked
from engine.engine import Engine
from engine.errors import HoldNotFound, IdempotencyKeyReused, SlotClosed, SlotlineError, SlotTaken
from engine.model import Slot, Status
from engine.settings import Settings
from tests.promise.checks import conserved, patiently, seatmaps, until
from tests.promise.memories import Memory, OldDump, PromotedReplica, settings_on
from tests.samples import Sample, make_sample


@pytest.fixture
async def history(engine: Engine, sample: Sample) -> dict[str, Booked]:
    """One of each: pending, confirmed, completed, cancelled, moved to the group, and a closed slot (the sixth)."""
    made = {
        name: await engine.book(sample.request(n, key=name))
        for n, name in enumerate(("pending", "confirmed", "completed", "cancelled", "moved"))
    }
    await engine.change(made["confirmed"].booking.id, Status.CONFIRMED, "admin")
    for status in (Status.CONFIRMED, Status.COMPLETED):
        await engine.change(made["completed"].booking.id, status, "admin")
    await engine.change(made["cancelled"].booking.id, Status.CANCELLED, "customer", "ill")
    await engine.reschedule(made["moved"].booking.id, sample.group.id, "customer")
    await engine.desk.close(sample.slots[5].id)
    return made


async def test_an_emptied_redis_knows_everything_again(
    engine: Engine, sample: Sample, history: dict[str, Booked]
) -> None:
    stored = await conserved(engine, sample.expert.id)
    before = await engine.calendar(sample.expert.id)
    await engine.calls.command("FLUSHALL")
    after = await patiently(lambda: engine.calendar(sample.expert.id))
    assert after.slots == before.slots
    assert after.epoch != before.epoch, "so that every client resynchronises"
    assert await conserved(engine, sample.expert.id) == stored
    for booking in stored.values():
        assert await engine.booking(booking.id) == booking
    for taken in (0, 1, 2):
        with pytest.raises(SlotTaken):
            await engine.book(sample.request(taken))
    with pytest.raises(SlotClosed):
        await engine.book(sample.request(5))
    seats = [(await engine.book(sample.request(free))).booking.seat for free in (3, 4, sample.group)]
    assert seats == [1, 1, 2]
    await conserved(engine, sample.expert.id)


async def test_an_emptied_redis_still_knows_the_keys(
    engine: Engine, sample: Sample, history: dict[str, Booked]
) -> None:
    await engine.calls.command("FLUSHALL")
    for n, (name, first) in enumerate(history.items()):
        again = await patiently(lambda n=n, name=name: engine.book(sample.request(n, key=name)))  # type: ignore[misc]
        assert (again.booking, again.replayed) == (first.booking, True)
        with pytest.raises(IdempotencyKeyReused):
            await engine.book(sample.request(n, key=name, notes="another body"))
    assert len(await conserved(engine, sample.expert.id)) == len(history)


async def test_an_emptied_redis_changes_and_moves_what_it_had_forgotten(
    engine: Engine, sample: Sample, history: dict[str, Booked]
) -> None:
    await engine.calls.command("FLUSHALL")
    cancelled = await patiently(lambda: engine.change(history["pending"].booking.id, Status.CANCELLED, "customer"))
    moved = await engine.reschedule(history["confirmed"].booking.id, sample.slots[0].id, "customer")
    assert (cancelled.revision, moved.revision) == (2, 3)
    stored = await conserved(engine, sample.expert.id)
    assert (stored[cancelled.id], stored[moved.id]) == (cancelled, moved)


async def test_a_hold_does_not_outlive_an_emptied_redis(engine: Engine, sample: Sample) -> None:
    hold = await engine.holds.hold(sample.slots[0].id)
    await engine.calls.command("FLUSHALL")
    booked = await patiently(lambda: engine.book(sample.request()))
    assert booked.booking.seat == 1
    with pytest.raises(HoldNotFound):
        await engine.holds.renew(hold.token)


async def test_redis_emptied_again_and_again_under_load_loses_nothing_and_gives_no_seat_twice(
    engine: Engine, settings: Settings, sample: Sample
) -> None:
    other = await Engine.open(settings)
    chance = random.Random(11)
    answered: list[Booked] = []

    async def client(worker: Engine, number: int) -> None:
        for n in range(12):
            request = sample.request(chance.randrange(9), key=f"{number} {n}")
            try:
                answered.append(await patiently(lambda request=request: worker.book(request)))  # type: ignore[misc]
            except SlotTaken:
                await asyncio.sleep(0.02)

    async def vandal() -> None:
        for _ in range(4):
            await asyncio.sleep(0.05)
            await engine.calls.command("FLUSHALL")

    try:
        await asyncio.gather(vandal(), *(client((engine, other)[n % 2], n) for n in range(8)))
        # A claim that was under way when Redis was emptied is in MongoDB, and Redis may not know: it finds out.
        for slot in sample.slots:
            answered += await fill(engine, sample, slot)
        stored = await conserved(engine, sample.expert.id)
    finally:
        await other.close()
    assert len([booking for booking in stored.values() if booking.active]) == 8 + 7
    durable = {booked.booking.id for booked in answered if booked.durable}
    assert durable <= stored.keys(), "what was answered is there"
    assert len(durable) >= 8


async def fill(engine: Engine, sample: Sample, slot: Slot) -> list[Booked]:
    """Books until it is refused for every seat."""
    booked = []
    for _ in range(slot.seats):
        with suppress(SlotTaken):
            booked.append(await patiently(lambda: engine.book(sample.request(slot))))
    with pytest.raises(SlotTaken):
        await engine.book(sample.request(slot))
    return booked


async def test_forgotten_scripts_are_not_noticed(engine: Engine, sample: Sample) -> None:
    made = (await engine.book(sample.request())).booking
    for verb in (
        lambda: engine.book(sample.request(sample.group, key="k")),
        lambda: engine.reschedule(made.id, sample.slots[1].id, "customer"),
        lambda: engine.change(made.id, Status.CONFIRMED, "admin"),
        lambda: engine.change(made.id, Status.CANCELLED, "customer"),
        lambda: engine.holds.hold(sample.group.id),
        lambda: engine.calendar(sample.expert.id),
        lambda: engine.desk.close(sample.slots[2].id),
    ):
        await engine.calls.command("SCRIPT", "FLUSH")
        await verb()
    assert len(await conserved(engine, sample.expert.id)) == 2


@dataclass
class World:
    """A Redis that can forget, and what was true when it last took note."""

    memory: Memory
    engine: Engine
    sample: Sample

    async def remember(self) -> None:
        await conserved(self.engine, self.sample.expert.id)
        await self.memory.remember()

    async def forget(self) -> None:
        self.engine = await self.memory.forget(self.engine)
        await patiently(lambda: self.engine.calendar(self.sample.expert.id))


@pytest.fixture(params=[OldDump, PromotedReplica])
async def world(request: pytest.FixtureRequest, settings: Settings, tmp_path: Path) -> AsyncIterator[World]:
    async with request.param(tmp_path / "redis") as memory:
        engine = await Engine.open(settings_on(memory, settings))
        sample = await make_sample(engine, start=2_000_000_000 // 60 * 60)
        made = World(memory, engine, sample)
        yield made
        await made.engine.close()


async def test_a_forgotten_booking_keeps_its_seat(world: World) -> None:
    sample = world.sample
    await world.remember()
    made = (await world.engine.book(sample.request())).booking
    await world.forget()
    with pytest.raises(SlotTaken):
        await patiently(lambda: world.engine.book(sample.request(name="Rival")))
    assert (await seatmaps(world.engine, sample.expert.id))[made.slot_id] == "b", "and Redis knows it again"
    assert await world.engine.booking(made.id) == made
    stored = await conserved(world.engine, sample.expert.id)
    assert stored.pop(made.id) == made
    assert [rival.status for rival in stored.values()] in ([], [Status.CANCELLED]), "at most a stone"


async def test_a_forgotten_key_gives_the_earlier_booking(world: World) -> None:
    sample = world.sample
    await world.remember()
    made = (await world.engine.book(sample.request(sample.group, key="k"))).booking
    gone = (await world.engine.book(sample.request(1, key="gone"))).booking
    gone = await world.engine.change(gone.id, Status.CANCELLED, "customer")
    await world.forget()
    for key, slot, booking in (("k", sample.group, made), ("gone", sample.slots[1], gone)):
        for _ in range(2):
            again = await patiently(lambda slot=slot, key=key: world.engine.book(sample.request(slot, key=key)))  # type: ignore[misc]
            assert (again.booking, again.replayed) == (booking.first(), True)
        with pytest.raises(IdempotencyKeyReused):
            await world.engine.book(sample.request(slot, key=key, notes="another body"))
    assert await conserved(world.engine, sample.expert.id) == {made.id: made, gone.id: gone}


async def test_another_request_under_a_forgotten_key_is_refused(world: World) -> None:
    sample = world.sample
    await world.remember()
    made = (await world.engine.book(sample.request(key="k"))).booking
    await world.forget()
    with pytest.raises(IdempotencyKeyReused):
        await patiently(lambda: world.engine.book(sample.request(1, key="k")))
    with pytest.raises(SlotTaken):
        await world.engine.book(sample.request())
    assert await conserved(world.engine, sample.expert.id) == {made.id: made}


async def test_a_forgotten_booking_can_be_cancelled_and_moved(world: World) -> None:
    sample = world.sample
    await world.remember()
    made = [(await world.engine.book(sample.request(n))).booking for n in range(2)]
    await world.forget()
    cancelled = await patiently(lambda: world.engine.change(made[0].id, Status.CANCELLED, "customer"))
    moved = await world.engine.reschedule(made[1].id, sample.slots[0].id, "customer")
    assert await conserved(world.engine, sample.expert.id) == {cancelled.id: cancelled, moved.id: moved}


async def test_who_bumps_into_a_forgotten_move_leaves_no_ghost_behind(world: World) -> None:
    """Redis has the booking at its old place, MongoDB at its new one; somebody books the new one."""
    sample = world.sample
    made = (await world.engine.book(sample.request())).booking
    await world.remember()
    moved = await world.engine.reschedule(made.id, sample.slots[3].id, "customer", "train is late")
    await world.forget()
    with pytest.raises(SlotTaken):
        await patiently(lambda: world.engine.book(sample.request(3)))
    await mended(world, {moved.id: moved.slot_id})
    assert await world.engine.booking(made.id) == await world.engine.store.bookings.get(made.id)
    await world.engine.book(sample.request(0))


async def test_a_forgotten_cancel_is_no_ghost_seat(world: World) -> None:
    sample = world.sample
    made = (await world.engine.book(sample.request())).booking
    await world.remember()
    cancelled = await world.engine.change(made.id, Status.CANCELLED, "customer", "ill")
    await world.forget()
    await mended(world, {})
    assert await world.engine.booking(made.id) == cancelled
    again = (await world.engine.book(sample.request())).booking
    assert await conserved(world.engine, sample.expert.id) == {cancelled.id: cancelled, again.id: again}


async def test_forgotten_changes_of_every_kind_come_back(world: World) -> None:
    sample, engine = world.sample, world.engine
    made = [(await engine.book(sample.request(n))).booking for n in range(3)]
    await world.remember()
    confirmed = await engine.change(made[0].id, Status.CONFIRMED, "admin")
    moved = await engine.reschedule(made[1].id, sample.slots[3].id, "customer")
    cancelled = await engine.change(made[2].id, Status.CANCELLED, "customer")
    new = (await engine.book(sample.request(sample.group))).booking
    await engine.desk.close(sample.slots[5].id)
    await world.forget()
    await mended(world, {booking.id: booking.slot_id for booking in (confirmed, moved, new)})
    for booking in (confirmed, moved, cancelled, new):
        assert await world.engine.booking(booking.id) == booking
    assert (await world.engine.calendar(sample.expert.id)).slots[5].closed


async def mended(world: World, active: dict[str, str]) -> None:
    """Waits until just these bookings (id → slot) have the seats that Redis shows as taken, as MongoDB has them."""

    async def agrees() -> bool:
        try:
            stored = await conserved(world.engine, world.sample.expert.id)
        except AssertionError:
            return False
        return {booking.id: booking.slot_id for booking in stored.values() if booking.active} == active

    await until(agrees, within=10, why="Redis is reconciled with MongoDB")


async def test_a_change_on_top_of_a_forgotten_one_is_durable_or_refused(engine: Engine, sample: Sample) -> None:
    """Redis has gone back to revision 1, MongoDB has revision 2; the next change makes another revision 2 of it."""
    made = (await engine.book(sample.request())).booking
    key = engine.keys.of(made.id).booking(made.id)
    before = await engine.calls.command("GET", key)
    await engine.change(made.id, Status.CONFIRMED, "admin")
    await engine.calls.command("SET", key, before)
    try:
        answered = await engine.change(made.id, Status.CANCELLED, "customer")
    except SlotlineError:
        answered = await engine.booking(made.id)
    stored = await engine.store.bookings.get(made.id)
    assert stored is not None
    assert stored.status is answered.status, "MongoDB has what was answered"
    await conserved(engine, sample.expert.id)
