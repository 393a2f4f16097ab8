"""A partition moves to another master while it is in use."""

from __future__ import annotations

import asyncio
import time

import pytest
from redis import Redis
from redis.crc import key_slot

from engine.engine import Engine
from engine.errors import SlotTaken, StoreUnavailable
from engine.settings import Settings
from engine.stack.cluster import ClusterNode, RedisCluster
from tests.cluster.conftest import Spread, owner
from tests.cluster.load import Load
from tests.cluster.test_feed import until_equal
from tests.engine.test_feed_order import Mirror
from tests.samples import Sample


class Move:
    """Of the slot of an expert's partition to another master."""

    def __init__(self, engine: Engine, cluster: RedisCluster, sample: Sample) -> None:
        self.cluster = cluster
        self.slot = key_slot(engine.keys.of(sample.expert.id).epoch.encode())
        self.source = owner(engine, cluster, sample)
        self.target = next(node for node in cluster.masters() if node is not self.source)

    async def key_by_key(self) -> None:
        with self.source.client() as source, self.target.client() as target:
            target.execute_command("CLUSTER SETSLOT", self.slot, "IMPORTING", name(source))
            source.execute_command("CLUSTER SETSLOT", self.slot, "MIGRATING", name(target))
            while keys := source.execute_command("CLUSTER GETKEYSINSLOT", self.slot, 20):
                source.execute_command("MIGRATE", "127.0.0.1", self.target.port, "", 0, 2000, "KEYS", *keys)
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.3)
            for client in (target, source):
                client.execute_command("CLUSTER SETSLOT", self.slot, "NODE", name(target))
                await asyncio.sleep(0.1)

    async def at_once(self) -> None:
        """Valkey 9."""
        with self.source.client() as source, self.target.client() as target:
            source.execute_command("CLUSTER MIGRATESLOTS", "SLOTSRANGE", self.slot, self.slot, "NODE", name(target))
            while self.cluster.master_of_slot(self.slot) is self.source:
                await asyncio.sleep(0.02)


def name(client: Redis) -> str:
    found: str = client.execute_command("CLUSTER MYID")
    return found


@pytest.mark.parametrize("way", ["key_by_key", "at_once"])
async def test_nobody_notices_that_a_partition_moves(
    engine: Engine, spread: Spread, cluster: RedisCluster, way: str
) -> None:
    sample = spread.first
    room = engine.feed.room(sample.expert.id)
    await room.ready()
    mirror = Mirror(room)
    known = (await engine.book(sample.request(0))).booking
    load = Load(engine, spread.samples)
    move = Move(engine, cluster, sample)
    ended = asyncio.Event()

    async def read() -> None:
        while not ended.is_set():
            assert await engine.booking(known.id) == known
            assert (await engine.calendar(sample.expert.id)).slots
            with pytest.raises(SlotTaken):
                await engine.book(sample.request(0, key=f"loser {time.monotonic()}"))
            await asyncio.sleep(0.002)

    reader = asyncio.create_task(read())
    async with load.running():
        await asyncio.sleep(0.3)
        before = len(load.of(sample))
        await getattr(move, way)()
        await asyncio.sleep(0.5)
    ended.set()
    await reader
    assert owner(engine, cluster, sample) is move.target
    assert load.retries == 0
    assert before < len(load.of(sample)) - 10, "bookings went on at the new master"
    assert await load.check() == 0
    await until_equal(engine, sample, room, 3)
    assert (mirror.wrong, mirror.slots) == ([], room.slots), "each change was told once, in its turn"
    await until_told(engine, sample, move.target)


async def until_told(engine: Engine, sample: Sample, target: ClusterNode) -> None:
    """The subscription is at the new master, once."""
    channel = engine.keys.of(sample.expert.id).channel(sample.expert.id)
    deadline = time.monotonic() + 3
    with target.client() as client:
        while client.execute_command("PUBSUB SHARDNUMSUB", channel) != [(channel, 1)]:
            assert time.monotonic() < deadline, "the new master tells nobody"
            await asyncio.sleep(0.02)


async def test_while_nobody_has_the_slot_callers_wait_but_not_for_ever(
    engine: Engine, spread: Spread, cluster: RedisCluster, settings: Settings
) -> None:
    """CLUSTERDOWN. A refusal after the bound has done nothing."""
    sample = spread.first
    slot = key_slot(engine.keys.of(sample.expert.id).epoch.encode())
    hasty = await Engine.open(settings.model_copy(update={"redis_failover": 0.4}))
    try:
        with owner(engine, cluster, sample).client() as client:
            client.execute_command("CLUSTER DELSLOTS", slot)
            try:
                waiting = asyncio.create_task(engine.book(sample.request(0)))
                with pytest.raises(StoreUnavailable):
                    await hasty.book(sample.request(1))
                await engine.book(spread.samples[1].request(0))
                assert not waiting.done()
            finally:
                client.execute_command("CLUSTER ADDSLOTS", slot)
            assert (await waiting).durable
        assert (await engine.calendar(sample.expert.id)).slots[1].free == 1
    finally:
        await hasty.close()
