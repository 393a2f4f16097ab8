"""All nodes are away at once: a power cut, a network that is gone, a cluster that is formed anew elsewhere."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.engine import Engine
from engine.errors import StoreUnavailable
from engine.routes import Cluster
from engine.routes.address import Address
from engine.routes.topology import Topology
from engine.settings import Settings
from engine.stack.cluster import SLOTS, ClusterNode, RedisCluster
from engine.subscriptions import Subscriptions
from engine.wire import LinkDown
from tests.cluster.conftest import Spread


@pytest.fixture
async def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"redis_failover": 1.0})


async def test_callers_hear_that_it_is_away_and_all_goes_on_when_it_is_back(
    engine: Engine, spread: Spread, cluster: RedisCluster, settings: Settings
) -> None:
    """What redis-py raises when no node answers is no RedisError: it went past everything that waits for one. Requests
    ended with 500, and the tasks that look for hanging masters and lost channels were dead from then on."""
    rooms = [engine.feed.room(sample.expert.id) for sample in spread.samples]
    await asyncio.gather(*(room.ready() for room in rooms))
    cluster.kill()
    try:
        with pytest.raises(StoreUnavailable):
            await engine.book(spread.first.request(0))
        with pytest.raises(StoreUnavailable):
            await Engine.open(settings)
    finally:
        cluster.restart()
    cluster.wait_whole()
    deadline = time.monotonic() + 10
    for sample, room in zip(spread.samples, rooms, strict=True):
        while True:
            try:
                assert (await engine.book(sample.request(1))).durable
                break
            except StoreUnavailable:
                assert time.monotonic() < deadline
        while room.slots[sample.slots[1].id].free:
            assert time.monotonic() < deadline, "nobody looks for the channels any more"
            await asyncio.sleep(0.05)


@pytest.fixture
def node(tmp_path: Path) -> Iterator[ClusterNode]:
    with ClusterNode(tmp_path / "one") as running:
        yield running


def deal(node: ClusterNode) -> None:
    with node.client() as client:
        client.execute_command("CLUSTER ADDSLOTSRANGE", 0, SLOTS - 1)
        while client.execute_command("CLUSTER INFO")["cluster_state"] != "ok":
            time.sleep(0.02)


async def test_nodes_that_know_no_cluster_yet_are_asked_again(node: ClusterNode) -> None:
    """All had lost their nodes.conf, say, and were dealt their slots anew a moment later. With nothing to tell, the
    list of nodes to ask became empty, and stayed so until the worker was started again."""
    topology = Topology(Address((("127.0.0.1", node.port),)), timeout=3.0)
    try:
        with pytest.raises(LinkDown):
            await topology.refresh()
        deal(node)
        await topology.refresh()
        assert topology.owner("key").endswith(f":{node.port}")
    finally:
        await topology.close()


async def test_a_cluster_that_has_moved_to_other_addresses_is_found_by_those_of_the_url(
    node: ClusterNode, tmp_path: Path
) -> None:
    """What the URL says is a name that lives on. Only the nodes of the last look were asked, all of them gone."""
    with ClusterNode(tmp_path / "two") as other:
        deal(node)
        deal(other)
        topology = Topology(Address((("127.0.0.1", node.port), ("127.0.0.1", other.port))), timeout=3.0)
        try:
            await topology.refresh()
            first = topology.owner("key")
            gone, left = (node, other) if first.endswith(f":{node.port}") else (other, node)
            gone.kill()
            with pytest.raises(LinkDown):
                await topology.refresh()
            await topology.refresh()
            assert topology.owner("key").endswith(f":{left.port}")
        finally:
            await topology.close()


class Hearer:
    def __init__(self) -> None:
        self.told: list[bytes] = []

    def heard(self, channel: bytes, data: bytes) -> None:
        self.told.append(data)

    def stands(self, channel: bytes) -> None:
        pass

    def broke(self, channel: bytes) -> None:
        pass


async def test_plain_channels_are_not_heard_at_a_server_that_has_left(node: ClusterNode, tmp_path: Path) -> None:
    """It lives, and answers each ping; of what the cluster's servers tell it hears no more."""
    with ClusterNode(tmp_path / "two") as other:
        deal(node)
        route = Cluster(Address((("127.0.0.1", node.port), ("127.0.0.1", other.port))), timeout=3.0, failover=2.0)
        hearer = Hearer()
        subscriptions = Subscriptions(route, hearer, 3.0)
        await route.open()
        subscriptions.start(b"profiles")
        try:
            await until_heard(node, hearer)
            hearer.told.clear()
            with node.client() as client:
                client.execute_command("CLUSTER FLUSHSLOTS")
            deal(other)
            await route.call("GET", "key")
            await until_heard(other, hearer)
        finally:
            await subscriptions.stop()
            await route.close()


async def until_heard(node: ClusterNode, hearer: Hearer) -> None:
    deadline = time.monotonic() + 5
    while not hearer.told:
        with node.client() as client:
            client.publish("profiles", "changed")
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)
