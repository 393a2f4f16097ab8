"""Nodes that announce names, or nothing, instead of their addresses."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from engine.cli.reach import check_redis
from engine.engine import Engine
from engine.routes import Cluster
from engine.settings import Settings
from engine.stack.cluster import RedisCluster
from tests.cluster.conftest import Spread, owner
from tests.cluster.load import Load
from tests.cluster.test_feed import until_equal
from tests.cluster.test_migration import Move

NAME = "127.1"
"""Is a host name by its letters, and 127.0.0.1 to every resolver."""


async def announce(cluster: RedisCluster, kind: str, hostname: str = "") -> None:
    """Returns when every node tells all of it."""
    told = {"ip": "127.0.0.1", "hostname": hostname or "?", "unknown-endpoint": None}[kind]
    for node in cluster.nodes:
        with node.client() as client:
            client.config_set("cluster-preferred-endpoint-type", kind)
            client.config_set("cluster-announce-hostname", hostname)
    deadline = time.monotonic() + 15
    for node in cluster.nodes:
        with node.client() as client:
            client.response_callbacks.clear()
            while {server[0] for slots in client.execute_command("CLUSTER SLOTS") for server in slots[2:]} != {told}:
                assert time.monotonic() < deadline
                await asyncio.sleep(0.05)


@pytest.fixture(
    params=[("hostname", NAME, NAME), ("hostname", "", "127.0.0.1"), ("unknown-endpoint", "", NAME)],
    ids=["named", "nameless", "unknown"],
)
async def settings(
    request: pytest.FixtureRequest, settings: Settings, cluster: RedisCluster
) -> AsyncIterator[tuple[Settings, str]]:
    kind, hostname, _ = request.param
    await announce(cluster, kind, hostname)
    yield settings.model_copy(update={"redis_url": cluster.url.replace("127.0.0.1", NAME)})
    await announce(cluster, "ip")


@pytest.fixture
def host(request: pytest.FixtureRequest) -> str:
    """Where every node is by what they tell."""
    return str(request.node.callspec.params["settings"][2])


async def test_they_are_where_they_say_or_else_where_they_were_asked(
    engine: Engine, spread: Spread, cluster: RedisCluster, settings: Settings, host: str
) -> None:
    """redis-py dialled ``None:6379`` when a node told no host, and ``?:6379`` when it was to tell a name and had none:
    no worker started."""
    assert settings.redis_url is not None
    check_redis(settings.redis_url)
    assert isinstance(engine.link, Cluster)
    assert engine.link._links.keys() == {f"{host}:{node.port}" for node in cluster.masters()}
    sample = spread.first
    rooms = [engine.feed.room(each.expert.id) for each in spread.samples]
    await asyncio.gather(*(room.ready() for room in rooms))
    load = Load(engine, spread.samples)
    move = Move(engine, cluster, sample)
    async with load.running():
        await asyncio.sleep(0.3)
        await move.key_by_key()
        await asyncio.sleep(0.5)
        assert owner(engine, cluster, sample) is move.target
        back = Move(engine, cluster, sample)
        back.target = move.source
        await back.key_by_key()
    assert load.retries == 0
    assert await load.check() == 0
    for each, room in zip(spread.samples, rooms, strict=True):
        await until_equal(engine, each, room, 3)
