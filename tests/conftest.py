"""Real servers for every test that needs them: embedded, on loopback, on free ports, gone when the tests are."""

from __future__ import annotations

import itertools
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import hypothesis
import pytest

from engine.engine import Engine
from engine.settings import Settings
from engine.stack import MongoServer, RedisServer
from tests.samples import Sample, make_sample

hypothesis.settings.register_profile("no deadline", deadline=None)
hypothesis.settings.load_profile("no deadline")  # the 200 ms of each example measure a busy machine, not the code

_databases = itertools.count()


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with RedisServer(tmp_path_factory.mktemp("redis"), persist=False) as server:
        yield server


@pytest.fixture(scope="session")
def mongo_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MongoServer]:
    with MongoServer(tmp_path_factory.mktemp("mongo")) as server:
        yield server


@pytest.fixture
async def settings(redis_server: RedisServer, mongo_server: MongoServer, tmp_path: Path) -> Settings:
    """An empty Redis and a MongoDB database of the test's own."""
    from redis.asyncio import Redis

    async with Redis.from_url(redis_server.url) as client:
        await client.flushall()
    return Settings(
        redis_url=redis_server.url,
        mongo_url=mongo_server.url,
        mongo_database=f"test{next(_databases)}",
        data_dir=tmp_path,
        _env_file=None,  # type: ignore[call-arg]
    )


@pytest.fixture
async def engine(settings: Settings) -> AsyncIterator[Engine]:
    opened = await Engine.open(settings)
    yield opened
    await opened.close()


@pytest.fixture
async def sample(engine: Engine) -> Sample:
    """An expert with a day of slots from an hour ahead: of one seat, but for the last, which has seven."""
    return await make_sample(engine, start=int(time.time()) // 60 * 60 + 3600)
