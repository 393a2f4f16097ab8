from __future__ import annotations

from collections.abc import Iterator

import pytest
from redis import Redis

from engine.stack import RedisServer
from tests.lua.calls import RedisClient


@pytest.fixture
def client(redis_server: RedisServer) -> Iterator[RedisClient]:
    with Redis.from_url(redis_server.url) as client:
        client.flushall()
        yield client
        client.flushall()
