"""A master and a replica that sentinels watch."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.engine import Engine
from engine.settings import Settings
from engine.stack import MongoServer
from tests.cluster.load import Load
from tests.cluster.sentinels import Sentinels
from tests.cluster.test_failover import SHARE, promoted, resumed
from tests.cluster.test_feed import until_equal
from tests.cluster.test_verbs import every_verb
from tests.conftest import _databases
from tests.samples import make_sample


@pytest.fixture
def sentinels(tmp_path: Path) -> Iterator[Sentinels]:
    with Sentinels(tmp_path) as running:
        yield running


@pytest.fixture
async def settings(sentinels: Sentinels, mongo_server: MongoServer, tmp_path: Path) -> Settings:
    return Settings(
        redis_url=sentinels.url,
        mongo_url=mongo_server.url,
        mongo_database=f"sentinel{next(_databases)}",
        data_dir=tmp_path,
        _env_file=None,  # type: ignore[call-arg]
    )


async def test_every_verb_works_and_writes_resume_when_the_master_dies(
    engine: Engine, sentinels: Sentinels, capsys: pytest.CaptureFixture[str]
) -> None:
    start = int(time.time()) // 60 * 60 + 3600
    await every_verb(engine, await make_sample(engine, start=start))

    sample = await make_sample(engine, start=start)
    room = engine.feed.room(sample.expert.id)
    await room.ready()
    load = Load(engine, [sample])
    async with load.running():
        await asyncio.sleep(0.5)
        sentinels.master.kill()
        struck = time.monotonic()
        elected = await promoted(sentinels.replica)
        again = await resumed(load, struck + 0.2)
        await asyncio.sleep(0.5)
    forgotten = await load.check()
    await until_equal(engine, sample, room, 3)
    with capsys.disabled():
        print(
            f"\n  Sentinel: writes resumed after {again - struck:.2f} s, {again - elected:.2f} s of them after the"
            f" election; {len(load.booked)} bookings, {load.retries} retries,"
            f" slowest {load.longest:.2f} s, {forgotten} seats forgotten by Redis and kept by the fence"
        )
    assert again - elected < SHARE
