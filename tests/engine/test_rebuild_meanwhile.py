"""Redis comes up empty, and there are others: who rebuild it as well, or have a change on its way to MongoDB."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress

import pytest
from pymongo.errors import AutoReconnect

from engine import rebuild
from engine.engine import Engine
from engine.errors import SlotClosed, SlotHeld, StoreUnavailable
from engine.model import Booking, Status
from engine.settings import Settings
from tests.engine.forgetting import calendar_again, late
from tests.samples import Sample, make_sample


async def test_two_who_rebuild_at_once_build_each_partition_once(engine: Engine, other: Engine, sample: Sample) -> None:
    booking = (await engine.book(sample.request())).booking
    for _ in range(5):
        await engine.calls.command("FLUSHALL")
        built = await asyncio.gather(engine.rebuilder.ensure(), other.rebuilder.ensure())
        assert sum(built) == engine.settings.partitions
        for each in (engine, other):
            assert (await each.calendar(sample.expert.id)).slots[0].seatmap == "b"
    assert await engine.booking(booking.id) == booking


async def test_engines_that_open_at_once_on_an_empty_redis_see_one_epoch(settings: Settings, engine: Engine) -> None:
    sample = await make_sample(engine, start=4_000_000_020)
    await engine.book(sample.request())
    await engine.calls.command("FLUSHALL")
    opened = await asyncio.gather(*(Engine.open(settings) for _ in range(3)))
    try:
        epochs = [
            await asyncio.gather(*(each.calls.command("GET", part.epoch) for part in each.keys.partitions))
            for each in opened
        ]
        assert None not in epochs[0]
        assert len(set(epochs[0])) == settings.partitions
        assert epochs == [epochs[0]] * 3
        for each in opened:
            assert (await each.calendar(sample.expert.id)).slots[0].seatmap == "b"
    finally:
        for each in opened:
            await each.close()


async def dump(engine: Engine) -> dict[bytes, bytes]:
    keys = await engine.calls.command("KEYS", "*")
    return {key: await engine.calls.command("DUMP", key) for key in keys}


async def test_who_has_lost_the_lease_writes_nothing(engine: Engine, sample: Sample) -> None:
    partition = engine.keys.of(sample.expert.id)
    epoch, calendar, version, log, _ = partition.feed(sample.expert.id)
    keys = (epoch, partition.rebuild, calendar, version, log, partition.experts)
    args = ("another", 30_000, sample.expert.id, 1, sample.slots[0].id, sample.slots[0].record)
    for state in ("rebuilt", "being rebuilt by somebody", "nobody's"):
        if state != "rebuilt":
            await engine.calls.command("DEL", epoch, partition.rebuild)
        if state == "being rebuilt by somebody":
            await engine.calls.command("SET", partition.rebuild, "somebody")
        before = await dump(engine)
        assert await engine.calls.run("load", keys, args) == [b"lost"]
        assert await engine.calls.run("begin", (*keys[:2], partition.server), ("another", "e", 0)) == [b"lost"]
        assert await dump(engine) == before


async def test_a_rebuild_whose_worker_died_is_taken_over(engine: Engine, sample: Sample) -> None:
    """Not before its lease has run out, which it does by itself."""
    await engine.calls.command("FLUSHALL")
    began = asyncio.get_running_loop().time()
    for partition in engine.keys.partitions:
        await engine.calls.command("SET", partition.rebuild, "dead", "PX", 300)
    async with asyncio.timeout(2):
        assert await engine.rebuilder.ensure() == engine.settings.partitions
    assert asyncio.get_running_loop().time() - began >= 0.29
    assert (await engine.calendar(sample.expert.id)).slots == tuple(sample.slots)


async def test_a_rebuild_that_mongodb_interrupts_goes_on_at_once(
    engine: Engine, sample: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One read failed, and whoever rebuilds kept its lease: nobody could begin again for 30 s, not even itself."""
    since, failed = engine.store.bookings.since, False

    def fails_once(expert_ids: Sequence[str], end: int) -> AsyncIterator[Booking]:
        nonlocal failed
        if not failed:
            failed = True
            raise AutoReconnect("a primary has stepped down")
        return since(expert_ids, end)

    monkeypatch.setattr(engine.store.bookings, "since", fails_once)
    await engine.calls.command("FLUSHALL")
    with suppress(AutoReconnect):  # else a look in the background was the first
        await engine.rebuilder.ensure()
    async with asyncio.timeout(2):
        await engine.rebuilder.ensure()
    assert failed
    assert (await engine.calendar(sample.expert.id)).slots == tuple(sample.slots)


async def test_a_rebuild_whose_worker_is_stopped_is_taken_over_at_once(
    engine: Engine, other: Engine, sample: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Workers are restarted one after the other: whoever was at a rebuild left its lease behind for 30 seconds."""
    await engine.reconciler.stop()
    reads = asyncio.Event()

    async def for_ever(*_: object) -> AsyncIterator[Booking]:
        reads.set()
        await asyncio.sleep(60)
        yield  # type: ignore[misc]

    monkeypatch.setattr(other.store.bookings, "since", for_ever)
    await engine.calls.command("FLUSHALL")
    other.rebuilder.wake()
    await reads.wait()
    await other.rebuilder.stop()
    async with asyncio.timeout(2):
        await engine.rebuilder.ensure()
    assert (await engine.calendar(sample.expert.id)).slots == tuple(sample.slots)


async def test_whoever_has_a_lease_keeps_it_and_does_nothing_twice(engine: Engine, sample: Sample) -> None:
    """The answer to a lease got lost: the repeated call found its own lease, and took it for somebody else's."""
    partition = engine.keys.of(sample.expert.id)
    await engine.reconciler.stop()
    await engine.calls.command("FLUSHALL")
    for _ in range(2):
        assert await engine.rebuilder._lease(partition)
    built = await asyncio.gather(*(engine.rebuilder.ensure() for _ in range(3)))
    assert sum(built) == engine.settings.partitions


async def test_a_rebuild_that_takes_longer_than_its_lease_is_finished(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lease of a partition was renewed by what was written to that partition alone. With those whose experts came
    early or late it was over at the end, everything had to be read again, and was again too late."""
    engine = await Engine.open(settings.model_copy(update={"partitions": 4}))
    start = int(time.time()) // 60 * 60 + 3600
    samples = [await make_sample(engine, start=start) for _ in range(6)]
    await engine.reconciler.stop()
    for name, value in (("LEASE_MS", 1200), ("CHUNK", 1), ("AT_ONCE", 1)):
        monkeypatch.setattr(rebuild, name, value)
    since, read = engine.store.bookings.since, []

    async def slow(expert_ids: Sequence[str], end: int) -> AsyncIterator[Booking]:
        read.extend(expert_ids)
        await asyncio.sleep(0.3)
        async for booking in since(expert_ids, end):
            yield booking

    monkeypatch.setattr(engine.store.bookings, "since", slow)
    await engine.calls.command("FLUSHALL")
    async with asyncio.timeout(10):
        assert await engine.rebuilder.ensure() == 4
    assert sorted(read) == sorted(sample.expert.id for sample in samples)
    await engine.close()


async def test_a_booking_on_its_way_to_mongodb_is_not_denied_when_redis_forgets_it(
    settings: Settings, sample: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An hour of faults found this: a key was known to Redis when it was asked for the first time, and its booking was
    in neither store a moment later. The client that came again with the key was told that there is no such booking."""
    engine, worker = [await Engine.open(settings) for _ in range(2)]
    live = engine.fence.live

    async def forgotten(booking_id: str) -> Booking | None:
        await engine.calls.command("FLUSHALL")
        return await live(booking_id)

    arrives = await late(worker, monkeypatch)
    booking = asyncio.create_task(worker.book(sample.request(key="k")))
    while not worker.journal.backlog:
        await asyncio.sleep(0.005)
    (booking_key,) = await engine.calls.command("KEYS", engine.keys.of(sample.expert.id).booking("*"))
    with monkeypatch.context() as race:
        race.setattr(engine.fence, "live", forgotten)
        with pytest.raises(StoreUnavailable):
            await engine.book(sample.request(key="k"))
        await calendar_again(engine, sample.expert.id)
        with pytest.raises(StoreUnavailable):
            await engine.booking(booking_key.decode().rpartition(":")[2])
    await calendar_again(engine, sample.expert.id)
    arrives.set()
    first = await booking
    again = await engine.book(sample.request(key="k"))
    assert (again.booking.id, again.replayed) == (first.booking.id, True)
    for each in (worker, engine):
        await each.close()


@pytest.mark.parametrize("verb", ["hold", "close"])
async def test_nobody_hears_of_a_full_slot_whose_key_redis_forgot_and_mongodb_has(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    """Redis was emptied and built again while a claim was on its way to MongoDB, and the seat is no longer to be had.
    The worker that is asked again had found all well a moment before."""
    eager = settings.model_copy(update={"adopt_after": 0.5})
    engine, worker = [await Engine.open(eager) for _ in range(2)]
    sample = await make_sample(engine, start=int(time.time()) // 60 * 60 + 7200)
    partition, slot = engine.keys.of(sample.expert.id), sample.slots[0]
    async with asyncio.timeout(10):
        while not engine.calls.trusts(partition, await engine.calls.command("GET", partition.epoch)):
            await asyncio.sleep(0.02)
    for each in (worker, engine):
        await each.reconciler.stop()
    arrives = await late(worker, monkeypatch)
    booking = asyncio.create_task(worker.book(sample.request(slot, key="k")))
    while not worker.journal.backlog:
        await asyncio.sleep(0.005)
    await engine.calls.command("FLUSHALL")
    await calendar_again(engine, sample.expert.id)
    await (engine.holds.hold(slot.id) if verb == "hold" else engine.desk.close(slot.id))
    with pytest.raises(SlotHeld if verb == "hold" else SlotClosed):
        await engine.book(sample.request(slot, key="another"))
    arrives.set()
    first = await booking
    for _ in range(3):  # by the script, and then by a look
        again = await engine.book(sample.request(slot, key="k"))
        assert (again.booking.id, again.replayed) == (first.booking.id, True)
        with pytest.raises(SlotHeld if verb == "hold" else SlotClosed):
            await engine.book(sample.request(slot))
    for each in (worker, engine):
        await each.close()


@pytest.mark.parametrize("dies", [False, True], ids=["and its worker goes on", "and its worker dies"])
async def test_a_cancel_that_redis_forgets_on_its_way_to_mongodb_leaves_no_ghost_seat(
    settings: Settings, sample: Sample, monkeypatch: pytest.MonkeyPatch, dies: bool
) -> None:
    """An hour of faults found this: Redis was emptied while MongoDB was getting a cancel, and was built again from what
    MongoDB had until then. The worker finds its outbox entry gone; if it dies before, a second comparison finds it."""
    later = settings.model_copy(update={"adopt_after": 1.5 if dies else 3600.0})
    engine, worker = [await Engine.open(later) for _ in range(2)]
    booking = (await engine.book(sample.request())).booking
    arrives = await late(worker, monkeypatch)
    if dies:
        monkeypatch.setattr(worker.journal, "_forget", lambda done: None)
    cancelling = asyncio.create_task(worker.change(booking.id, Status.CANCELLED, "customer"))
    while not worker.journal.backlog:
        await asyncio.sleep(0.005)
    epoch = (await engine.calendar(sample.expert.id)).epoch
    await engine.calls.command("FLUSHALL")
    after = await calendar_again(engine, sample.expert.id)
    assert (after.epoch != epoch, after.slots[0].seatmap) == (True, "b")
    arrives.set()
    assert (await cancelling).status is Status.CANCELLED
    async with asyncio.timeout(15):
        while (await engine.calendar(sample.expert.id)).slots[0].seatmap != ".":
            await asyncio.sleep(0.05)
    for each in (worker, engine):
        await each.close()
