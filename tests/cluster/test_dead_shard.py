"""A master and its replica are gone for good: what recovery there is goes on at the other masters."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from engine import limits
from engine.engine import Engine
from engine.errors import SlotlineError, StoreUnavailable
from engine.feed import EXPERTS_CHANNEL
from engine.model import new_slot
from engine.records import to_record
from engine.settings import Settings
from engine.stack.cluster import RedisCluster
from engine.stack.errors import StackError
from tests.cluster.conftest import Spread, owner
from tests.samples import Sample

SOON = 12.0
"""Seconds, with the time that the other nodes take to agree that one of them has failed."""


@pytest.fixture
async def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"adopt_after": 1.0, "hold_seconds": 1.0, "redis_failover": 2.0})


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    deadline = time.monotonic() + SOON
    while True:
        try:
            if await condition():
                return
        except SlotlineError:
            pass
        assert time.monotonic() < deadline, getattr(condition, "__name__", "")
        await asyncio.sleep(0.1)


async def test_a_dead_shard_keeps_nothing_from_recovering_elsewhere(
    engine: Engine, spread: Spread, cluster: RedisCluster, settings: Settings
) -> None:
    """Every round over all partitions asked all servers before it did anything, and the one that was away ended it: an
    orphan stayed in the outbox, a hold that was over kept its seat, a shard that had forgotten a cancel was never
    compared with MongoDB, and one that came up empty was never built again."""
    lost, other, emptied = spread.samples
    command = engine.calls.command
    partition = engine.keys.of(other.expert.id)
    doomed, forgetful = owner(engine, cluster, lost), owner(engine, cluster, emptied)
    theirs = [each.number for each in engine.keys.partitions if cluster.master_of(each.epoch) is doomed]
    cluster.replica_of(doomed).kill()
    doomed.kill()

    async def it_serves() -> bool:
        return (await engine.book(other.request(7))).durable

    await until(it_serves)
    orphan, cancelled = [(await engine.book(other.request(number))).booking for number in (0, 3)]
    await engine.store._database["bookings"].delete_many({"_id": {"$in": [orphan.id, cancelled.id]}})
    await command("XADD", partition.outbox, "*", "booking", to_record(orphan))
    await command("DEL", partition.booking(cancelled.id))
    await engine.holds.hold(other.slots[2].id)
    await command("SET", partition.server, "another-server 0")
    with forgetful.client() as client:
        client.flushall()

    async def adopted() -> bool:
        return await engine.store.bookings.get(orphan.id) == orphan

    async def swept() -> bool:
        return await mark(engine, other, 2) == "."

    async def compared() -> bool:
        return await mark(engine, other, 3) == "."

    async def built_again() -> bool:
        return (await engine.book(emptied.request(1))).durable

    await asyncio.gather(*map(until, (adopted, swept, compared, built_again)))
    with pytest.raises(StoreUnavailable) as silent:
        await Engine.open(settings)
    assert f"partitions {', '.join(map(str, theirs))}: " in str(silent.value)
    wrong = (await engine.health())["redis"]
    assert wrong is not None
    assert wrong.startswith(f"partitions {', '.join(map(str, theirs))}: ")


async def mark(engine: Engine, sample: Sample, number: int) -> str:
    """The only seat of a slot."""
    slots = {slot.id: slot for slot in (await engine.calendar(sample.expert.id)).slots}
    return slots[sample.slots[number].id].seatmap


@pytest.fixture
async def dead(engine: Engine, spread: Spread, cluster: RedisCluster) -> int:
    """A shard is gone: the number of its sample. It is the one that was listened to for plain channels."""
    place = min(engine.link._topology.primaries)  # type: ignore[attr-defined]
    doomed = next(node for node in cluster.nodes if place.endswith(f":{node.port}"))
    rooms = [engine.feed.room(sample.expert.id) for sample in spread.samples]
    await asyncio.gather(*(room.ready() for room in rooms))
    number = next(n for n, sample in enumerate(spread.samples) if owner(engine, cluster, sample) is doomed)
    cluster.replica_of(doomed).kill()
    doomed.kill()

    async def others_serve() -> bool:
        return (await engine.book(spread.samples[number - 1].request(7))).durable

    await until(others_serve)
    return number


async def test_a_loss_elsewhere_is_found_all_the_same(engine: Engine, spread: Spread, dead: int) -> None:
    """Rooms are compared with Redis in one go, and whoever of them could not be asked ended it for all."""
    sample = spread.samples[dead - 1]
    room = engine.feed.room(sample.expert.id)

    async def current() -> bool:
        return room.current

    await until(current)
    right, room.version = room.version, room.version - 1
    began = time.monotonic()
    await engine.feed.verify()
    assert time.monotonic() - began < 1.5, "it waited for the dead shard"
    await room.ready()
    assert room.version == right


async def test_other_workers_are_heard_all_the_same(
    engine: Engine, spread: Spread, cluster: RedisCluster, dead: int
) -> None:
    """The channel that says that profiles have changed is told by every node, and was listened to at the first."""
    heard = asyncio.Event()
    engine.feed.on_experts_changed = heard.set
    alive = owner(engine, cluster, spread.samples[dead - 1])

    async def told() -> bool:
        with alive.client() as client:
            client.publish(EXPERTS_CHANNEL, "changed")
        await asyncio.sleep(0.1)
        return heard.is_set()

    await until(told)


async def test_a_change_of_profiles_is_told_at_once_all_the_same(
    engine: Engine, spread: Spread, cluster: RedisCluster, settings: Settings
) -> None:
    """It was told at the server that would have a key of the channel's name. While that was dead, an administrator
    waited `REDIS_FAILOVER` seconds for an answer, and the other workers were told nothing."""
    other = await Engine.open(settings)
    try:
        doomed = cluster.master_of(EXPERTS_CHANNEL)
        sample = next(each for each in spread.samples if owner(engine, cluster, each) is not doomed)
        cluster.replica_of(doomed).kill()
        doomed.kill()

        async def others_serve() -> bool:
            return (await engine.book(sample.request(7))).durable

        async def is_heard() -> bool:
            renamed = replace(sample.expert, name=f"Zoë {time.monotonic()}")
            await other.expert(renamed.id)
            began = time.monotonic()
            await engine.replace_expert(renamed)
            assert time.monotonic() - began < 1.5, "it waited for the dead shard"
            await asyncio.sleep(0.2)
            return await other.expert(renamed.id) == renamed

        await until(others_serve)
        await until(is_heard)
    finally:
        await other.close()


async def test_limits_are_shared_at_once_all_the_same(
    engine: Engine, cluster: RedisCluster, dead: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A round that had something for the dead shard took `REDIS_FAILOVER` seconds, and so all workers counted for
    themselves meanwhile, whatever shard had the key."""
    monkeypatch.setattr("engine.limits.PATIENCE", 0.2)
    limiter = engine.limiter
    whos = {is_alive(cluster, limiter._key(limits.BOOKINGS, who)): who for who in map(str, range(50))}
    limiter.charge(limits.BOOKINGS, whos[False])
    await asyncio.sleep(0.2)
    began = time.monotonic()
    limiter.charge(limits.BOOKINGS, whos[True])
    while not await engine.calls.command("GET", limiter._key(limits.BOOKINGS, whos[True])):
        await asyncio.sleep(0.02)
    assert time.monotonic() - began < 1


async def test_past_slots_leave_all_the_same(
    engine: Engine,
    spread: Spread,
    cluster: RedisCluster,
    settings: Settings,
    dead: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One partition after the other, the round ended at the first that could not be asked."""
    others = [sample for number, sample in enumerate(spread.samples) if number != dead]
    theirs = [each.number for each in engine.keys.partitions if not is_alive(cluster, each.epoch)]
    sample = max(others, key=lambda sample: engine.keys.of(sample.expert.id).number)
    assert engine.keys.of(sample.expert.id).number > min(theirs)
    start = int(time.time()) // 60 * 60 - 7200
    past = new_slot(sample.expert.id, start, start + 1800)
    await engine.add_slots([past])
    monkeypatch.setattr("engine.engine.JANITOR_PAUSE", 0.1)
    engine.settings = settings.model_copy(update={"keep_past": 0})
    janitor = asyncio.create_task(engine._retire_past_slots())

    async def gone() -> bool:
        return past.id not in {slot.id for slot in (await engine.calendar(sample.expert.id)).slots}

    try:
        await until(gone)
    finally:
        janitor.cancel()


def is_alive(cluster: RedisCluster, key: str) -> bool:
    try:
        return cluster.master_of(key).alive
    except StackError:
        return False
