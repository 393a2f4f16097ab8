"""The hot path may not become longer: counted in commands, bytes and system calls a request, not in seconds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.stack import MongoServer, RedisServer
from loadtests.cost.__main__ import counted
from loadtests.cost.stage import stage


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """By itself: what it has run is counted."""
    with RedisServer(tmp_path_factory.mktemp("cost"), persist=False) as server:
        yield server


async def test_no_request_costs_more_than_it_may(redis: RedisServer, mongo_server: MongoServer, tmp_path: Path) -> None:
    costs, excess = await counted(stage(tmp_path, redis, mongo_server))
    assert not excess
    booking = costs["booking, 201"]
    assert booking.calls >= 1, "nothing was counted"
    assert booking.mongo >= 1
    assert booking.writes >= 5


async def test_a_longer_path_is_noticed(redis: RedisServer, mongo_server: MongoServer, tmp_path: Path) -> None:
    """A guard that cannot fail guards nothing: one more round trip to either store must be found."""
    _, excess = await counted(stage(tmp_path, redis, mongo_server, "tests.cost.longer"))
    found = {(line.split(":")[0], line.split(" ")[-3].rstrip(",")) for line in excess}
    for case in ("booking, 201", "booking, 409", "booking, 409 again", "detail"):
        assert (case, "calls") in found
        assert (case, "redis") in found
    assert ("booking, 201", "mongo") in found
    assert ("booking, 201", "syscalls") in found or not Path("/proc/self/io").exists()
