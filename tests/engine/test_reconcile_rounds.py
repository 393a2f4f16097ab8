"""When a partition is compared with MongoDB, which worker does it, and what is known of it until then."""

from __future__ import annotations

import asyncio

import pytest

from engine.engine import Engine
from engine.errors import SlotTaken
from engine.keys import Partition
from engine.model import Booking, digest
from engine.settings import Settings
from tests.engine.damage import ghost_seat
from tests.engine.past import Past, on_it, seatmaps, until
from tests.samples import Sample, make_sample


@pytest.fixture
async def settings(settings: Settings, past: Past) -> Settings:
    return on_it(settings, past)


async def test_a_server_that_has_not_changed_is_left_alone(engine: Engine, sample: Sample) -> None:
    assert await engine.reconciler.check() == []


async def test_of_many_workers_one_compares(engine: Engine, sample: Sample, settings: Settings) -> None:
    await engine.reconciler.stop()
    others = [await Engine.open(settings) for _ in range(2)]
    try:
        for other in others:
            await other.reconciler.stop()
        for partition in engine.keys.partitions:
            await engine.calls.command("SET", partition.server, "another-server 0")
        done = await asyncio.gather(*(each.reconciler.check() for each in (engine, *others)))
        assert sorted(number for of_one in done for number in of_one) == [0, 1, 2, 3]
        assert await engine.reconciler.check() == [], "the second time is not yet due"
        await asyncio.sleep(2.1)
        assert await engine.reconciler.check() == [0, 1, 2, 3]
        assert await engine.reconciler.check() == []
    finally:
        for other in others:
            await other.close()


async def test_a_worker_that_died_while_it_compared_is_replaced(engine: Engine, sample: Sample) -> None:
    await engine.reconciler.stop()
    partition = engine.keys.partitions[1]
    await engine.calls.command("SET", partition.server, "another-server 0")
    await engine.calls.command("SET", partition.reconcile, "a dead worker", "PX", 300)
    assert await engine.reconciler.check() == []
    await asyncio.sleep(0.35)
    assert await engine.reconciler.check() == [1]


async def test_a_partition_that_cannot_be_compared_does_not_keep_the_others_from_it(
    engine: Engine, sample: Sample
) -> None:
    """One booking that MongoDB has could not be read: no partition after its own was ever compared."""
    await engine.reconciler.stop()
    samples = {engine.keys.of(sample.expert.id).number: sample}
    while len(samples) < 3:
        another = await make_sample(engine, start=sample.slots[0].start)
        samples.setdefault(engine.keys.of(another.expert.id).number, another)
    first, *rest = sorted(samples)
    bad = (await engine.book(samples[first].request(0))).booking
    await engine.store._database["bookings"].update_one({"_id": bad.id}, {"$unset": {"notes": 1}})
    for number in rest:
        await ghost_seat(engine, samples[number])
    for partition in engine.keys.partitions:
        await engine.calls.command("SET", partition.server, "another-server 0")
    assert await engine.reconciler.check() == [number for number in range(4) if number != first]
    assert [await seatmaps(engine, samples[number]) for number in rest] == [". . . . . ."] * 2


async def test_only_a_server_that_may_have_forgotten_a_key_makes_refusals_ask_mongo(
    engine: Engine, sample: Sample, past: Past, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rush on a fresh worker is no rush on MongoDB; only after a restart of Redis is it asked, too."""
    asked: list[str] = []
    of_key = engine.store.bookings.of_key

    async def listening(digest: str) -> Booking | None:
        asked.append(digest)
        return await of_key(digest)

    monkeypatch.setattr(engine.store.bookings, "of_key", listening)
    partition = engine.keys.of(sample.expert.id)

    async def trusted() -> bool:
        return await trusts(engine, partition)

    async def refused(key: str) -> None:
        with pytest.raises(SlotTaken):
            await engine.book(sample.request(0, key=key))

    mine = (await engine.book(sample.request(0, key="mine"))).booking
    await until(trusted)
    await refused("another")
    assert asked == []

    await engine.reconciler.stop()
    await asyncio.to_thread(past.server.kill)
    await asyncio.to_thread(past.server.restart)
    await until(lambda: connected_anew(engine, partition))
    await refused("a third")
    assert len(asked) == 1
    await engine.calls.command("DEL", partition.idempotency(digest(b"mine")))
    assert (await engine.book(sample.request(0, key="mine"))).booking == mine
    assert len(asked) == 2
    await engine.desk.close(sample.slots[0].id)
    await engine.calls.command("DEL", partition.idempotency(digest(b"mine")), partition.booking(mine.id))
    assert (await engine.book(sample.request(0, key="mine"))).booking == mine
    await engine.desk.open(sample.slots[0].id)
    assert len(asked) == 3

    await engine.reconciler.check()
    assert not await trusted(), "before the second comparison"
    await asyncio.sleep(engine.settings.adopt_after)
    await engine.reconciler.check()
    await engine.reconciler.check()
    assert await trusted()
    await refused("a fourth")
    assert len(asked) == 3
    engine.reconciler.suspect(partition)
    assert not await trusted()


async def trusts(engine: Engine, partition: Partition) -> bool:
    return engine.calls.trusts(partition, await engine.calls.command("GET", partition.epoch))


async def connected_anew(engine: Engine, partition: Partition) -> bool:
    return not await trusts(engine, partition)


async def test_what_is_trusted_has_its_keys_again(engine: Engine, sample: Sample, past: Past) -> None:
    partition = engine.keys.of(sample.expert.id)
    await past.remember()
    await engine.book(sample.request(0, key="forgotten"))
    await past.return_to()

    async def trusted_again() -> bool:
        return await connected_anew(engine, partition) is False

    assert await engine.calls.command("EXISTS", partition.idempotency(digest(b"forgotten"))) in (0, 1)
    await until(trusted_again)
    assert await engine.calls.command("EXISTS", partition.idempotency(digest(b"forgotten"))) == 1
