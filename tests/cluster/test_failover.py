"""A master dies, or hangs, while bookings are made."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from pathlib import Path

import pytest
from redis import Redis

from engine.engine import Engine
from engine.errors import SlotTaken
from engine.routes import Cluster
from engine.routes.address import parse
from engine.routes.topology import Topology
from engine.stack import RedisServer
from engine.stack.cluster import ClusterNode, RedisCluster
from tests.cluster.conftest import Spread, owner
from tests.cluster.load import Load
from tests.cluster.test_feed import until_equal
from tests.engine.test_feed_order import Mirror

SHARE = 3.0
"""Seconds after the election within which writes must have resumed: 0.1 to 1.2 in most cases."""

PATIENCE = 30.0
"""Seconds for the servers to elect another master: 3 in most cases, more when a vote on a busy machine has to be
repeated, which takes them several seconds each time."""


async def promoted(replica: RedisServer) -> float:
    """When it had become a master."""
    deadline = time.monotonic() + PATIENCE
    with Redis(port=replica.port, socket_timeout=5) as client:
        while (await asyncio.to_thread(client.info, "replication"))["role"] != "master":
            assert time.monotonic() < deadline
            await asyncio.sleep(0.02)
    return time.monotonic()


async def resumed(load: Load, since: float) -> float:
    """When the first booking of the first expert was made since then."""
    deadline = time.monotonic() + 2 * SHARE
    while True:
        later = [at for at in load.of(load.samples[0]) if at >= since]
        if later:
            return later[0]
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
async def test_writes_resume_and_no_booking_is_lost(
    engine: Engine, spread: Spread, cluster: RedisCluster, number: signal.Signals, capsys: pytest.CaptureFixture[str]
) -> None:
    room = engine.feed.room(spread.first.expert.id)
    await room.ready()
    mirror = Mirror(room)
    load = Load(engine, spread.samples)
    doomed = owner(engine, cluster, spread.first)
    replica = cluster.replica_of(doomed)
    async with load.running():
        await asyncio.sleep(0.5)
        os.kill(doomed.pid, number)
        struck = time.monotonic()
        elected = await promoted(replica)
        again = await resumed(load, struck + 0.2)
        others = [at for sample in spread.samples[1:] for at in load.of(sample) if struck < at < again]
        await asyncio.sleep(0.5)
    try:
        forgotten = await load.check()
        await until_equal(engine, spread.first, room, 3)
        assert (mirror.wrong, mirror.slots) == ([], room.slots), "each change was told once, in its turn"
    finally:
        doomed.kill()
    with capsys.disabled():
        print(
            f"\n  {number.name}: writes resumed after {again - struck:.2f} s, {again - elected:.2f} s of them after the"
            f" election; {len(load.booked)} bookings, {len(others)} of them on the other masters meanwhile;"
            f" {load.retries} retries, slowest {load.longest:.2f} s, {forgotten} seats forgotten by Redis and"
            " kept by the fence"
        )
    assert again - elected < SHARE
    assert len(others) > 50


async def test_a_silent_node_is_asked_last(cluster: RedisCluster) -> None:
    """Each look that began with it would cost a time-out of one second."""
    frozen = cluster.nodes[1]
    address = parse(cluster.url)
    assert address is not None
    topology = Topology(address, timeout=3.0)
    try:
        await topology.refresh()
        os.kill(frozen.pid, signal.SIGSTOP)
        began = time.monotonic()
        for _ in range(12):
            await topology.refresh(silent=f"127.0.0.1:{frozen.port}")
        assert time.monotonic() - began < 1
    finally:
        os.kill(frozen.pid, signal.SIGCONT)
        await topology.close()


async def test_a_replica_promoted_without_the_tail_gives_no_seat_away_twice(
    engine: Engine, spread: Spread, cluster: RedisCluster
) -> None:
    """The last booking before the failover is in MongoDB only: the fence refuses another one, and mends Redis."""
    sample = spread.first
    master = owner(engine, cluster, sample)
    replica = cluster.replica_of(master)
    os.kill(replica.pid, signal.SIGSTOP)
    try:
        with master.client() as client:
            client.execute_command("CLIENT KILL", "TYPE", "replica")
        kept = await engine.book(sample.request(0, key="kept"))
        assert kept.durable
        master.kill()
    finally:
        os.kill(replica.pid, signal.SIGCONT)
    calendar = await engine.calendar(sample.expert.id)
    assert owner(engine, cluster, sample) is replica
    with pytest.raises(SlotTaken):
        await engine.book(sample.request(0))
    again = await engine.book(sample.request(0, key="kept"))
    assert (again.replayed, again.booking) == (True, kept.booking)
    assert calendar.slots[1].free == 1
    assert (await engine.calendar(sample.expert.id)).slots[0].free == 0


async def test_a_server_that_has_left_the_cluster_is_not_dialled_for_ever(
    engine: Engine, cluster: RedisCluster, tmp_path: Path
) -> None:
    """A master that had given its slots away was no longer listed, and kept its link, for it might be one that is just
    getting its first. When it was switched off then nobody looked again: nothing was asked of it any more."""
    assert isinstance(engine.link, Cluster)
    with ClusterNode(tmp_path / "former") as former:
        link = engine.link._link(f"127.0.0.1:{former.port}")
        await link.ready(3.0)
        since = engine.link.since
        await engine.link.look_again()
        assert link in engine.link._links.values(), "it may be getting its first slot"
    deadline = time.monotonic() + 3
    while link in engine.link._links.values():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)
    assert engine.link.since == since, "what was no longer trusted would be trusted again"
