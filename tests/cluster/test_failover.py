"""A master dies, or hangs, while bookings are made."""

from __future__ import annotations

import asyncio
import os
import signal
import time

import pytest

from engine.engine import Engine
from engine.errors import SlotTaken
from engine.stack.cluster import RedisCluster
from tests.cluster.conftest import Spread, owner
from tests.cluster.load import Load
from tests.cluster.test_feed import until_equal

BOUND = 5.0
"""Seconds within which writes must have resumed."""


async def resumed(load: Load, since: float) -> float:
    """Seconds from ``since`` to the first booking of the first expert that was made after it."""
    while True:
        later = [at for at in load.of(load.samples[0]) if at > since + 0.2]
        if later:
            return later[0] - since
        assert time.monotonic() - since < 2 * BOUND
        await asyncio.sleep(0.02)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
async def test_writes_resume_and_no_booking_is_lost(
    engine: Engine, spread: Spread, cluster: RedisCluster, number: signal.Signals, capsys: pytest.CaptureFixture[str]
) -> None:
    room = engine.feed.room(spread.first.expert.id)
    await room.ready()
    load = Load(engine, spread.samples)
    doomed = owner(engine, cluster, spread.first)
    async with load.running():
        await asyncio.sleep(0.5)
        os.kill(doomed.pid, number)
        struck = time.monotonic()
        seconds = await resumed(load, struck)
        others = [at for sample in spread.samples[1:] for at in load.of(sample) if struck < at < struck + seconds]
        await asyncio.sleep(0.5)
    try:
        forgotten = await load.check()
        await until_equal(engine, spread.first, room, 3)
    finally:
        doomed.kill()
    with capsys.disabled():
        print(
            f"\n  {number.name}: writes resumed after {seconds:.2f} s; {len(load.booked)} bookings, {len(others)} of"
            f" them on the other masters meanwhile; {load.retries} retries, slowest {load.longest:.2f} s,"
            f" {forgotten} seats forgotten by Redis and kept by the fence"
        )
    assert seconds < BOUND
    assert len(others) > 50


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
