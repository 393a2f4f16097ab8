"""Six real nodes on loopback, formed once; each test finds them whole and empty."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from engine.engine import Engine
from engine.settings import Settings
from engine.stack import MongoServer
from engine.stack.cluster import ClusterNode, RedisCluster
from tests.conftest import _databases
from tests.samples import Sample, make_sample


@pytest.fixture(scope="session")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisCluster]:
    with RedisCluster(tmp_path_factory.mktemp("cluster")) as cluster:
        yield cluster


@pytest.fixture
def cluster(nodes: RedisCluster) -> RedisCluster:
    nodes.restart()
    nodes.wait_whole()
    for node in nodes.masters():
        with node.client() as client:
            client.flushall()
    return nodes


@pytest.fixture
async def settings(cluster: RedisCluster, mongo_server: MongoServer, tmp_path: Path) -> Settings:
    return Settings(
        redis_url=cluster.url,
        mongo_url=mongo_server.url,
        mongo_database=f"cluster{next(_databases)}",
        data_dir=tmp_path,
        _env_file=None,  # type: ignore[call-arg]
    ).for_development()


@dataclass(frozen=True, slots=True)
class Spread:
    """Experts on every master."""

    samples: list[Sample]
    """One a master, in the order of the ports."""

    @property
    def first(self) -> Sample:
        return self.samples[0]


def owner(engine: Engine, cluster: RedisCluster, sample: Sample) -> ClusterNode:
    """The master that has the expert's partition."""
    return cluster.master_of(engine.keys.of(sample.expert.id).epoch)


@pytest.fixture
async def spread(engine: Engine, cluster: RedisCluster) -> Spread:
    start = int(time.time()) // 60 * 60 + 3600
    found: dict[int, Sample] = {}
    while len(found) < 3:
        sample = await make_sample(engine, start=start)
        found.setdefault(owner(engine, cluster, sample).port, sample)
    return Spread([found[port] for port in sorted(found)])
