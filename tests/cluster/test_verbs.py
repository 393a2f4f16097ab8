"""What works on one server works on six."""

from __future__ import annotations

import asyncio
import time

import pytest

from engine import limits
from engine.engine import Engine
from engine.errors import SlotClosed, SlotHeld, SlotTaken, WrongRedis
from engine.model import Slot, Status, new_slot
from engine.settings import Settings
from engine.stack.cluster import RedisCluster
from tests.cluster.conftest import Spread
from tests.samples import Sample


async def every_verb(engine: Engine, sample: Sample) -> None:
    request = sample.request(0, key=f"key of {sample.expert.id}")
    request.who = "ann"
    booking = (await engine.book(request)).booking
    again = await engine.book(request)
    assert again.replayed
    assert again.booking == booking
    with pytest.raises(SlotTaken):
        await engine.book(sample.request(0))
    partition = engine.keys.of(sample.expert.id)
    while not engine.calls.trusts(partition, await engine.calls.command("GET", partition.epoch)):
        await asyncio.sleep(0.02)
    seen: asyncio.Future[SlotTaken | SlotHeld | None] = asyncio.get_running_loop().create_future()
    assert engine.glance.ask(sample.slots[0].id, "another key", seen.set_result)
    assert isinstance(await seen, SlotTaken)
    moved = await engine.reschedule(booking.id, sample.slots[1].id, "customer")
    assert moved.slot_id == sample.slots[1].id
    confirmed = await engine.change(booking.id, Status.CONFIRMED, "admin")
    assert await engine.store.bookings.get(booking.id) == confirmed
    await engine.change(booking.id, Status.CANCELLED, "customer")

    hold = await engine.holds.hold(sample.slots[2].id)
    with pytest.raises(SlotHeld):
        await engine.book(sample.request(2))
    await engine.holds.renew(hold.token)
    request = sample.request(2)
    request.hold = hold.token
    await engine.book(request)
    released = await engine.holds.hold(sample.slots[3].id)
    await engine.holds.release(released.token)

    await engine.desk.close(sample.slots[4].id)
    with pytest.raises(SlotClosed):
        await engine.book(sample.request(4))
    await engine.desk.open(sample.slots[4].id)
    later = new_slot(sample.expert.id, sample.group.end, sample.group.end + 1800)
    await engine.add_slots([later])

    calendar = {slot.id: slot for slot in (await engine.calendar(sample.expert.id)).slots}
    assert len(calendar) == 10
    free = {slot.id: slot.free for slot in calendar.values()}
    assert [free[slot.id] for slot in sample.slots] == [1, 1, 0, 1, 1, 1, 1, 1, 7]


async def test_limits_and_codes_are_wherever_a_cluster_puts_them(engine: Engine) -> None:
    names = [f"{number}@example.com" for number in range(40)]
    left = await asyncio.gather(*(engine.limiter.admit(limits.CODES, name) for name in names for _ in range(2)))
    assert {allowance.left for allowance in left if allowance} == {18, 19}
    for name in names:
        engine.limiter.charge(limits.HOLDS, name)
    await engine.limiter.share()
    for name in names:
        await engine.codes.redeem(name, await engine.codes.issue(name))


async def test_every_verb_on_every_master(engine: Engine, spread: Spread) -> None:
    await asyncio.gather(*(every_verb(engine, sample) for sample in spread.samples))
    await asyncio.sleep(0.05)
    for partition in engine.keys.partitions:
        assert await engine.calls.command("XLEN", partition.outbox) == 0


async def test_holds_end_on_every_master_by_its_own_clock(settings: Settings, spread: Spread) -> None:
    hasty = await Engine.open(settings.model_copy(update={"hold_seconds": 0.2, "sweep_every": 0.1}))
    try:
        await asyncio.gather(*(hasty.holds.hold(sample.slots[0].id) for sample in spread.samples))
        deadline = time.monotonic() + 3
        while not all([await slot_of(hasty, sample, 0) for sample in spread.samples]):
            assert time.monotonic() < deadline
            await asyncio.sleep(0.05)
        clocks = await hasty.calls.clocks([partition.due for partition in hasty.keys.partitions])
        assert max(abs(clock / 1000 - time.time()) for clock in clocks) < 1
    finally:
        await hasty.close()


async def slot_of(engine: Engine, sample: Sample, number: int) -> int:
    slots: tuple[Slot, ...] = (await engine.calendar(sample.expert.id)).slots
    return slots[number].free


async def test_a_master_that_forgot_everything_is_rebuilt_and_the_others_are_left_alone(
    engine: Engine, spread: Spread, cluster: RedisCluster
) -> None:
    for sample in spread.samples:
        await engine.book(sample.request(0))
    before = [await engine.calls.command("GET", partition.epoch) for partition in engine.keys.partitions]
    emptied = cluster.master_of(engine.keys.of(spread.first.expert.id).epoch)
    forgot = [cluster.master_of(partition.epoch) is emptied for partition in engine.keys.partitions]
    with emptied.client() as client:
        client.flushall()
    engine.rebuilder.wake()
    await engine.rebuilder.ensure()
    after = [await engine.calls.command("GET", partition.epoch) for partition in engine.keys.partitions]
    assert None not in after
    assert [old != new for old, new in zip(before, after, strict=True)] == forgot
    for sample in spread.samples:
        with pytest.raises(SlotTaken):
            await engine.book(sample.request(0))
        await engine.book(sample.request(1))


async def test_a_cluster_is_for_one_database(engine: Engine, settings: Settings) -> None:
    theirs = settings.model_copy(update={"mongo_database": f"{settings.mongo_database}_theirs"})
    with pytest.raises(WrongRedis, match=f"whose database is {settings.mongo_database}, "):
        await Engine.open(theirs)


async def test_one_connection_a_master(engine: Engine, spread: Spread, cluster: RedisCluster) -> None:
    await asyncio.gather(*(engine.book(sample.request(n)) for sample in spread.samples for n in range(8)))
    for node in cluster.masters():
        with node.client() as client:
            hot = [each for each in client.client_list() if each["cmd"] in ("evalsha", "zrangebyscore", "xdel", "time")]
            assert len(hot) == 1
