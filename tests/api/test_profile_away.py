"""A booking is told of though the profile of its expert cannot be looked up: it was decided before."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import httpx
import pytest

from engine.catalogue import Cache
from engine.engine import Engine
from engine.errors import StoreUnavailable
from engine.stack import MongoServer, RedisServer
from tests.api.serving import order, serving
from tests.samples import Sample, make_sample

HASTE: dict[str, object] = {"commit_timeout": 0.3, "redis_timeout": 1.0, "drain_timeout": 0.5}


@pytest.mark.parametrize("lane", ["on", "off"])
async def test_a_claim_is_no_503_for_want_of_a_profile(tmp_path: Path, lane: str) -> None:
    with (
        RedisServer(tmp_path / "redis", persist=False) as redis,
        MongoServer(tmp_path / "mongo") as mongo,
        serving(redis, mongo, "away", tmp_path / "api", workers=1, lane=lane, **HASTE) as server,
    ):
        engine = await Engine.open(server.settings)
        sample = await make_sample(engine, start=int(time.time()) // 60 * 60 + 7200)
        await engine.close()
        mongo.kill()
        async with httpx.AsyncClient(base_url=server.base, timeout=60) as client:
            claimed = await client.post("/api/bookings", json=order(sample, 1))
            assert claimed.status_code == 202
            booking = claimed.json()["booking"]
            assert booking["expert"] == {"id": sample.expert.id, "name": "", "category": "", "email": "", "phone": ""}
            address = f"/api/bookings/{booking['id']}"
            cancelled = await client.patch(f"{address}/status", json={"status": "cancelled"})
            assert (cancelled.status_code, cancelled.json()["booking"]["status"]) == (200, "cancelled")
            assert (await client.get(address)).json()["booking"]["status"] == "cancelled"


async def test_the_last_profile_known_is_better_than_none(
    engine: Engine, sample: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine.catalogue, "_profiles", Cache(0.01, 10))
    assert await engine.contact(sample.expert.id) == sample.expert

    async def away(_: str) -> None:
        raise StoreUnavailable("MongoDB does not answer")

    with monkeypatch.context() as patched:
        patched.setattr(engine.store.experts, "get", away)
        for _ in range(3):
            await asyncio.sleep(0.02)
            assert engine.catalogue.known(sample.expert.id) is None
            assert await engine.contact(sample.expert.id) == sample.expert
        assert await engine.contact("nobody-0000") is None
        with pytest.raises(StoreUnavailable):
            await engine.expert(sample.expert.id)
    assert await engine.expert(sample.expert.id) == sample.expert
