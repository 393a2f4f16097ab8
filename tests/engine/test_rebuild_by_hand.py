from __future__ import annotations

import asyncio
import time
from contextlib import suppress

import pytest

from engine.audit import audit
from engine.engine import Engine
from engine.errors import SlotHeld, SlotTaken, StoreUnavailable
from engine.model import Slot, new_slot
from tests.samples import Sample, make_sample


def evening(sample: Sample, start: int) -> list[Slot]:
    """Eighty slots after those of the sample."""
    begins = range(start + 90_000, start + 90_000 + 80 * 1800, 1800)
    return [new_slot(sample.expert.id, begin, begin + 1800) for begin in begins]


async def test_bookings_while_everything_is_rebuilt_are_refused_for_a_moment_or_stand(engine: Engine) -> None:
    start = int(time.time()) // 60 * 60 + 3600
    samples = [await make_sample(engine, start=start) for _ in range(12)]
    booked: set[str] = set()
    refused = 0

    async def customer(sample: Sample, slots: list[Slot]) -> None:
        nonlocal refused
        for slot in slots:
            with suppress(StoreUnavailable, SlotHeld):
                await engine.holds.hold(sample.group.id)
            try:
                booked.add((await engine.book(sample.request(slot))).booking.id)
            except StoreUnavailable:
                refused += 1
            await asyncio.sleep(0.005)

    later = {sample.expert.id: evening(sample, start) for sample in samples}
    await engine.add_slots([slot for slots in later.values() for slot in slots])
    crowd = asyncio.gather(*(customer(sample, later[sample.expert.id]) for sample in samples))
    await asyncio.sleep(0.1)
    done: list[int] = []
    before = len(booked)
    built, slots, left = await engine.rebuilder.rebuild_all(done.append)
    assert (built, left) == (len(engine.keys.partitions), [])
    assert slots == 12 * 89
    assert done[-1] == 12
    assert len(booked) > before, "the other partitions go on meanwhile"
    await crowd
    assert len(booked) + refused == 12 * 80
    report = await audit(engine)
    assert report.findings == []
    assert report.bookings == len(booked)


async def test_holds_end_with_their_epoch_and_are_not_swept_for_ever(engine: Engine, sample: Sample) -> None:
    """Left behind, they came due again and again: the sweeper found nothing to give back, and kept them."""
    await engine.holds.hold(sample.group.id)
    partition = engine.keys.of(sample.expert.id)
    await engine.rebuilder.rebuild_all()
    assert await engine.calls.command("EXISTS", partition.due, *partition.holds(sample.group.id)[:2]) == 0
    assert (await engine.calendar(sample.expert.id)).slots[-1].free == 7


async def test_what_mongo_has_not_got_yet_is_waited_for(engine: Engine, sample: Sample) -> None:
    partition = engine.keys.of(sample.expert.id)
    entry = await engine.calls.command("XADD", partition.outbox, "*", "id", "x")
    keys = (partition.epoch, partition.outbox, partition.rebuild)
    assert (await engine.calls.run("end_epoch", keys, ("me", 1000)))[0] == b"unwritten"
    assert await engine.calls.command("EXISTS", partition.epoch) == 1
    rebuilding = asyncio.create_task(engine.rebuilder.rebuild_all())
    await asyncio.sleep(0.2)
    assert await engine.calls.command("EXISTS", partition.epoch) == 1
    await engine.calls.command("XDEL", partition.outbox, entry)
    assert (await rebuilding)[2] == []


async def test_a_partition_that_another_rebuilds_is_left_to_it(engine: Engine, sample: Sample) -> None:
    await engine.book(sample.request())
    partition = engine.keys.of(sample.expert.id)
    await engine.calls.command("SET", partition.rebuild, "somebody else")
    assert (await engine.rebuilder.rebuild_all())[2] == [partition.number]
    assert await engine.calls.command("EXISTS", partition.epoch) == 1
    with pytest.raises(SlotTaken):
        await engine.book(sample.request())


async def test_what_has_just_been_rebuilt_is_not_rebuilt_again(engine: Engine, sample: Sample) -> None:
    """Whoever found the epoch missing, and got the lease only after another had finished, used to keep it."""
    partition = engine.keys.of(sample.expert.id)
    assert not await engine.rebuilder._lease(partition)
    assert await engine.calls.command("EXISTS", partition.rebuild) == 0
