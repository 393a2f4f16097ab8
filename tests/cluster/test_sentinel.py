"""A master and a replica that sentinels watch."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from engine.cli.reach import check_redis
from engine.engine import Engine
from engine.errors import StoreUnavailable
from engine.settings import Settings
from engine.stack import MongoServer, RedisServer
from engine.stack.ports import free_port
from tests.cluster.load import Load
from tests.cluster.sentinels import NAME, Sentinels, SentinelServer
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


async def test_a_master_that_hangs_is_left_though_the_sentinels_still_name_it(
    sentinels: Sentinels, settings: Settings
) -> None:
    """It is dialled again before they have elected another one, takes the connection, and never says a word."""
    for sentinel in sentinels.sentinels:
        with Redis(port=sentinel.port) as client:
            client.execute_command("SENTINEL SET", NAME, "down-after-milliseconds", 3000)
    hasty = await Engine.open(settings.model_copy(update={"redis_timeout": 1.0}))
    try:
        sample = await make_sample(hasty, start=int(time.time()) // 60 * 60 + 3600)
        room = hasty.feed.room(sample.expert.id)
        await room.ready()
        load = Load(hasty, [sample])
        async with load.running():
            await asyncio.sleep(0.5)
            os.kill(sentinels.master.pid, signal.SIGSTOP)
            struck = time.monotonic()
            elected = await promoted(sentinels.replica)
            again = await resumed(load, struck + 0.2)
            await asyncio.sleep(0.5)
        await load.check()
        await until_equal(hasty, sample, room, 3)
        assert again - elected < SHARE
    finally:
        sentinels.master.kill()
        await hasty.close()


async def test_sentinels_may_want_a_password_of_their_own(sentinels: Sentinels, settings: Settings) -> None:
    for sentinel in sentinels.sentinels:
        with Redis(port=sentinel.port) as client:
            client.execute_command("ACL SETUSER", "caller", "on", ">s&cret", "+@all")
            client.execute_command("ACL SETUSER", "default", "resetpass", "off")
    with pytest.raises(StoreUnavailable):
        await Engine.open(settings)
    url = f"{sentinels.url}?sentinel_username=caller&sentinel_password=s%26cret"
    check_redis(url)
    engine = await Engine.open(settings.model_copy(update={"redis_url": url}))
    try:
        sample = await make_sample(engine, start=int(time.time()) // 60 * 60 + 3600)
        assert (await engine.book(sample.request(0))).durable
    finally:
        await engine.close()


async def test_a_sentinel_that_names_a_replica_is_not_asked_first_again(
    sentinels: Sentinels, settings: Settings, tmp_path: Path
) -> None:
    """One that is cut off from the others, say, and missed a failover. As long as it answered, the others were not
    asked: no worker started, and one that had lost its connection did not find the master any more."""
    nobody = RedisServer(tmp_path / "stale", persist=False, args=("--replicaof", f"127.0.0.1 {free_port()}"))
    with nobody, SentinelServer(tmp_path / "liar", nobody.port) as liar:
        url = sentinels.url.replace("//", f"//{liar.url},")
        engine = await Engine.open(settings.model_copy(update={"redis_url": url}))
        try:
            sample = await make_sample(engine, start=int(time.time()) // 60 * 60 + 3600)
            room = engine.feed.room(sample.expert.id)
            await asyncio.wait_for(room.ready(), 3)
            assert (await engine.book(sample.request(0))).durable
            await until_equal(engine, sample, room, 1)
        finally:
            await engine.close()
