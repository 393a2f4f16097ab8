"""A Redis that comes back with an older state is put right by itself, in both directions, while it serves."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from datetime import time as clock
from typing import Any

import pytest

from engine import keeper
from engine.audit import audit
from engine.availability import Availability, Exceptional, Hours
from engine.engine import Engine
from engine.errors import SlotlineError
from engine.keys import Partition
from engine.model import Status, new_expert_id
from engine.repair import Repair
from engine.settings import Settings
from tests.engine.past import SOON, Past, on_it, seatmaps, until
from tests.samples import ZOE, Sample, make_sample


@pytest.fixture
async def settings(settings: Settings, past: Past) -> Settings:
    return on_it(settings, past)


async def test_what_was_forgotten_in_either_direction_is_put_right_by_itself(
    engine: Engine, sample: Sample, past: Past
) -> None:
    cancelled = (await engine.book(sample.request(0))).booking
    moved = (await engine.book(sample.request(1))).booking
    confirmed = (await engine.book(sample.request(2, key="k"))).booking
    hold = await engine.holds.hold(sample.slots[5].id)
    await past.remember()
    await engine.change(cancelled.id, Status.CANCELLED, "customer")
    await engine.reschedule(moved.id, sample.slots[3].id, "customer")
    await engine.change(confirmed.id, Status.CONFIRMED, "admin")
    forgotten = (await engine.book(sample.request(4, key="forgotten"))).booking
    await engine.desk.close(sample.slots[6].id)
    later = await make_sample(engine, start=sample.slots[0].start)
    assert await seatmaps(engine, sample) == ". . b b b h"

    await past.return_to()

    async def right() -> bool:
        there = len((await engine.calendar(later.expert.id)).slots)
        return (await seatmaps(engine, sample), there) == (". . b b b h", 9)

    await until(right)
    assert (await engine.calendar(sample.expert.id)).slots[6].closed
    for booking in (cancelled, moved, confirmed, forgotten):
        assert await engine.booking(booking.id) == await engine.store.bookings.get(booking.id)
    again = await engine.book(sample.request(4, key="forgotten"))
    assert again.replayed
    assert again.booking == forgotten
    request = replace(sample.request(5), hold=hold.token)
    assert (await engine.book(request)).booking.seat == 1, "a hold outlives it"
    assert (await audit(engine)).findings == []


@pytest.mark.parametrize("day_off", [True, False], ids=["closed again", "opened again"])
async def test_weekly_hours_that_are_changed_while_it_is_put_right_are_kept(
    engine: Engine, past: Past, day_off: bool
) -> None:
    """The slots were already as the hours wanted them, in the state that was about to be put right."""
    expert = replace(ZOE, id=new_expert_id(), time_zone="UTC")
    await engine.add_experts([expert])
    hours = Availability("UTC", tuple(Hours(weekday, clock(), clock()) for weekday in range(7)), 120, window_days=3)
    less = replace(hours, exceptions=(Exceptional(datetime.now(UTC).date() + timedelta(days=1)),))
    wanted, other = (less, hours) if day_off else (hours, less)
    await engine.set_availability(expert.id, hours)
    await engine.set_availability(expert.id, wanted)
    await past.remember()
    await engine.set_availability(expert.id, other)
    await past.return_to()

    async def put() -> bool:
        await engine.set_availability(expert.id, wanted)
        return True

    await until(put)
    await until(lambda: is_clean(engine))
    slots = (await engine.calendar(expert.id)).slots
    on_sale = [slot.id for slot in slots if not slot.closed and slot.start > time.time()]
    assert on_sale == [slot.id for slot in keeper.on_sale(wanted, expert.id, int(time.time()))]


async def is_clean(engine: Engine) -> bool:
    return (await audit(engine)).clean


async def test_nobody_goes_on_from_a_version_that_means_something_else_now(
    engine: Engine, sample: Sample, past: Past
) -> None:
    """The server lost versions 1 and 2; without a leap the next changes would be versions 1 and 2 again, and a worker's
    cache, or a client, would take its old picture for the present one."""
    await past.remember()
    await engine.book(sample.request(0))
    await engine.book(sample.request(1))
    before = await engine.calendar(sample.expert.id)
    await past.return_to()

    async def reconciled() -> bool:
        return (await engine.calendar(sample.expert.id)).version > before.version

    await until(reconciled)
    assert (await engine.calendar(sample.expert.id)).epoch == before.epoch


async def test_it_serves_meanwhile(engine: Engine, sample: Sample, past: Past) -> None:
    await engine.book(sample.request(0))
    await past.remember()
    await past.return_to()
    for number in range(1, 8):
        await engine.book(sample.request(number))
    assert (await audit(engine)).findings == []


async def test_a_change_that_reaches_mongo_after_the_first_comparison_is_put_right_by_the_second(
    engine: Engine, sample: Sample, past: Past
) -> None:
    """A worker was writing a cancel while Redis forgot it: a ghost seat that nobody would bump into."""
    booking = (await engine.book(sample.request(0))).booking
    await past.remember()
    cancelled = await engine.change(booking.id, Status.CANCELLED, "customer")
    await engine.store._database["bookings"].delete_one({"_id": booking.id})
    await engine.store.bookings.write([booking])
    await past.return_to()
    partition = engine.keys.of(booking.id)

    async def compared_once() -> bool:
        at, again = (await engine.calls.command("GET", partition.server)).split()
        return again != b"0" and at == await identity(engine)

    await until(compared_once)
    assert await seatmaps(engine, sample) == "b . . . . ."
    await engine.store.bookings.write([cancelled])

    async def right() -> bool:
        return await seatmaps(engine, sample) == ". . . . . ."

    await until(right)

    async def settled() -> bool:
        return (await engine.calls.command("GET", partition.server)).endswith(b" 0")

    await until(settled)


async def test_a_partition_is_not_let_out_of_sight_while_something_is_left_to_mend(
    engine: Engine, sample: Sample, past: Past, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An hour of faults found this: what could not be mended in the first two comparisons was never looked at again."""
    booking = (await engine.book(sample.request(0))).booking
    await past.remember()
    await engine.change(booking.id, Status.CANCELLED, "customer")
    compared = 0
    put_right, mend = engine.reconciler._put_right, Repair._put

    async def counted(partition: Partition) -> bool:
        nonlocal compared
        result = await put_right(partition)
        compared += partition is engine.keys.of(booking.id)
        return result

    async def in_the_third(repair: Repair, *arguments: Any) -> None:
        if compared >= 2:
            await mend(repair, *arguments)

    monkeypatch.setattr(engine.reconciler, "_put_right", counted)
    monkeypatch.setattr(Repair, "_put", in_the_third)
    await past.return_to()

    async def compared_twice() -> bool:
        return compared == 2

    await until(compared_twice)
    assert await seatmaps(engine, sample) == "b . . . . ."

    async def right() -> bool:
        return await seatmaps(engine, sample) == ". . . . . ."

    await until(right)


async def identity(engine: Engine) -> bytes:
    partition = engine.keys.partitions[0]
    answer = await engine.calls.run("identity", (partition.epoch, partition.server), ())
    assert isinstance(answer[1], bytes)
    return answer[1]


async def persist(call: Callable[[], Awaitable[Any]]) -> Any:
    """Until Redis is there again."""
    async with asyncio.timeout(SOON):
        while True:
            try:
                return await call()
            except SlotlineError:
                await asyncio.sleep(0.01)


async def test_a_durable_cancel_is_not_overwritten_by_what_came_of_an_older_state(
    engine: Engine, sample: Sample, past: Past
) -> None:
    """MongoDB had the cancel at revision 2, and Redis had forgotten it. Two changes at once, before the partition was
    compared, made a revision 3 of the old state, which MongoDB took for the newest: the cancel was gone."""
    booking = (await engine.book(sample.request(0))).booking
    await past.remember()
    cancelled = await engine.change(booking.id, Status.CANCELLED, "customer")
    await past.return_to()
    await persist(lambda: engine.calendar(sample.expert.id))
    answers = await asyncio.gather(
        engine.change(booking.id, Status.CONFIRMED, "admin"),
        engine.reschedule(booking.id, sample.slots[4].id, "customer"),
        return_exceptions=True,
    )
    assert all(isinstance(answer, SlotlineError) for answer in answers)

    async def is_right() -> bool:
        return await seatmaps(engine, sample) == ". . . . . ." and (await audit(engine)).clean

    await until(is_right)
    assert await engine.store.bookings.get(booking.id) == cancelled
    assert await engine.fence.live(booking.id) in (cancelled, None)


async def test_a_close_that_came_of_an_older_state_is_not_answered_as_done(
    engine: Engine, sample: Sample, past: Past
) -> None:
    """MongoDB had it closed and opened again, revision 2; Redis had forgotten both and closed it as revision 1. That
    was answered 200, and undone when the partition was compared."""
    slot = sample.slots[0]
    await past.remember()
    await engine.desk.close(slot.id)
    await engine.desk.open(slot.id)
    await past.return_to()
    closed: list[bool] = []

    async def close() -> None:
        closed.append((await engine.desk.close(slot.id)).closed)

    await persist(close)

    async def is_settled() -> bool:
        return (await audit(engine)).clean

    await until(is_settled)
    assert closed == [True]
    assert (await engine.calendar(sample.expert.id)).slots[0].closed
