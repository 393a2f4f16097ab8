"""A master of the cluster dies, and MongoDB is away at the same moment."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.audit import audit
from engine.engine import Engine
from engine.settings import Settings
from engine.stack import MongoServer
from engine.stack.cluster import RedisCluster
from tests.cluster.conftest import Spread, owner
from tests.cluster.load import Load
from tests.cluster.test_failover import promoted, resumed
from tests.cluster.test_feed import until_equal

SOON = 15.0
"""Seconds for what nobody could write or compare meanwhile."""


@pytest.fixture
def mongo(tmp_path: Path) -> Iterator[MongoServer]:
    with MongoServer(tmp_path / "mongo") as server:
        yield server


@pytest.fixture
async def settings(settings: Settings, mongo: MongoServer) -> Settings:
    return settings.model_copy(update={"mongo_url": mongo.url, "commit_timeout": 2.0})


@pytest.mark.parametrize("how", [signal.SIGSTOP, signal.SIGKILL])
async def test_nothing_that_was_acknowledged_is_lost_and_all_goes_on_by_itself(
    engine: Engine,
    spread: Spread,
    cluster: RedisCluster,
    mongo: MongoServer,
    how: signal.Signals,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """For longer than the claims wait for MongoDB, so that some are answered 202. Those Redis may forget."""
    rooms = [engine.feed.room(sample.expert.id) for sample in spread.samples]
    await asyncio.gather(*(room.ready() for room in rooms))
    load = Load(engine, spread.samples)
    doomed = owner(engine, cluster, spread.first)
    replica = cluster.replica_of(doomed)
    async with load.running():
        await asyncio.sleep(0.5)
        os.kill(mongo.pid, how)
        doomed.kill()
        try:
            await promoted(replica)
            await asyncio.sleep(1)
        finally:
            if how is signal.SIGSTOP:
                os.kill(mongo.pid, signal.SIGCONT)
        if how is signal.SIGKILL:
            await asyncio.to_thread(mongo.restart)
        back = time.monotonic()
        again = await resumed(load, back)
        await asyncio.sleep(0.5)
    before = [at for at, _ in load.booked.values() if at < back - 1]
    forgotten = await load.check()
    deadline = time.monotonic() + SOON
    while True:
        report = await audit(engine)
        ill = {name: why for name, why in (await engine.health()).items() if why}
        if report.clean and not report.unwritten and not ill:
            break
        assert time.monotonic() < deadline, (report, ill)
        await asyncio.sleep(0.2)
    assert report.bookings >= len(load.booked)
    for sample, room in zip(spread.samples, rooms, strict=True):
        await until_equal(engine, sample, room, 3)
    with capsys.disabled():
        print(
            f"\n  {how.name} of MongoDB and a dead master: writes resumed {again - back:.2f} s after MongoDB was back;"
            f" {len(before)} of {len(load.booked)} durable bookings were made before, {load.retries} retries, slowest"
            f" {load.longest:.2f} s, {forgotten} seats forgotten by Redis and kept by the fence"
        )
    assert before
