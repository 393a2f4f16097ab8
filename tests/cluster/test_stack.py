"""The embedded cluster itself, as `slotline up --cluster` runs it."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest

from engine.cli.stores import look_at_redis
from engine.stack import RedisCluster, Stack
from engine.stack import cluster as embedded
from engine.stack.cluster import MASTERS


def test_it_keeps_its_data_finds_together_on_new_ports_and_is_mended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Stack(tmp_path, mongo=False, cluster=True) as stack:
        assert isinstance(stack.redis, RedisCluster)
        assert len(stack.redis.masters()) == 3
        ports = {node.port for node in stack.redis.nodes}
        with stack.redis.master_of("kept").client() as client:
            client.set("kept", "yes")
    with Stack(tmp_path, mongo=False, cluster=True) as stack:
        assert isinstance(stack.redis, RedisCluster)
        assert not ports & {node.port for node in stack.redis.nodes}
        with stack.redis.master_of("kept").client() as client:
            assert client.get("kept") == "yes"
        dead = stack.redis.kill_master_of("kept")
        assert stack.mend() == [], "its replica has time to take over"
        monkeypatch.setattr(embedded, "MOURNING", 0)
        assert stack.mend() == ["Redis"]
        assert dead.alive


@pytest.mark.parametrize("dealt", [1, MASTERS])
def test_a_first_start_that_was_ended_half_way_is_made_again(tmp_path: Path, dealt: int) -> None:
    """It was taken for a cluster that is on disk, which missed slots for good, or had no replicas."""
    interrupted = RedisCluster(tmp_path)
    interrupted.launch()
    try:
        for node in interrupted.nodes:
            node.wait_ready()
        with ExitStack() as stack:
            clients = [stack.enter_context(node.client()) for node in interrupted.nodes]
            interrupted._deal_slots(clients[:dealt])
    finally:
        interrupted.stop()
    with RedisCluster(tmp_path) as cluster:
        assert len(cluster.masters()) == MASTERS
        for master in cluster.masters():
            assert cluster.replica_of(master).alive


def test_the_doctor_looks_at_every_node(cluster: RedisCluster) -> None:
    """It asked one node of the six, and what was wrong with the others was well."""
    well = list(look_at_redis(cluster.url, 16))
    assert not [finding for finding in well if finding.ok is False]
    assert len(well) == 4, "what is well with all is said once"
    for node in cluster.nodes:
        with node.client() as client:
            client.config_set("maxmemory-policy", "allkeys-lru")
            wrong = [finding.text for finding in look_at_redis(cluster.url, 16) if finding.ok is False]
            client.config_set("maxmemory-policy", "noeviction")
        assert len(wrong) == 1
        assert f"maxmemory-policy of 127.0.0.1:{node.port} is allkeys-lru" in wrong[0]
