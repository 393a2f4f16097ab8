"""The embedded cluster itself, as `slotline up --cluster` runs it."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.stack import RedisCluster, Stack
from engine.stack import cluster as embedded


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
