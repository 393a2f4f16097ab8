"""What a client is told while Redis or MongoDB is away, and that all is well again afterwards."""

from __future__ import annotations

import os
import secrets
import signal
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import httpx
import pytest

from engine.engine import Engine
from engine.stack import MongoServer, RedisServer
from engine.stack.servers import Server as StackServer
from tests.api.contract import Contract
from tests.api.serving import Server, eventually, order, serving
from tests.samples import Sample, make_sample

PATIENCE = 1.0
"""Seconds until a worker gives up on Redis or MongoDB here."""


@pytest.fixture(scope="module")
def server(frail: tuple[RedisServer, MongoServer], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("outages")
    with serving(*frail, "outages", folder, workers=1, redis_timeout=PATIENCE, commit_timeout=1.0) as served:
        yield served


@pytest.fixture
async def sample(server: Server) -> Sample:
    engine = await Engine.open(server.settings)
    made = await make_sample(engine, start=int(time.time()) // 60 * 60 + 3600)
    await engine.close()
    return made


@pytest.fixture
async def client(server: Server) -> AsyncIterator[httpx.AsyncClient]:
    """Checks afterwards that the server is ready again."""
    async with httpx.AsyncClient(base_url=server.base, timeout=30) as plain:
        contract = Contract((await plain.get("/openapi.json")).json())

        async def check(answer: httpx.Response) -> None:
            await answer.aread()
            contract.check(answer)

        plain.event_hooks = {"response": [check]}
        await eventually(lambda: ready(plain))
        yield plain
        await eventually(lambda: ready(plain), 20)


async def ready(client: httpx.AsyncClient) -> bool:
    return (await client.get("/readyz")).status_code == 200


@contextmanager
def frozen(server: StackServer) -> Iterator[None]:
    """It lives, but says nothing."""
    os.kill(server.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(server.pid, signal.SIGCONT)


@contextmanager
def gone(server: StackServer) -> Iterator[None]:
    server.kill()
    try:
        yield
    finally:
        server.restart()


@pytest.mark.parametrize("away", [frozen, gone])
@pytest.mark.parametrize(("part", "others"), [("redis", {"mongo"}), ("mongo", {"redis", "feed"})])
async def test_the_part_that_fails_is_named(
    server: Server, client: httpx.AsyncClient, part: str, others: set[str], away: type[frozen]
) -> None:
    with away(getattr(server, part)):

        async def unavailable() -> httpx.Response | None:
            answer = await client.get("/readyz")
            return answer if answer.status_code == 503 else None

        answer = await eventually(unavailable)
        assert "retry-after" in answer.headers
        assert answer.json()["status"] == "unavailable"
        parts = answer.json()["parts"]
        assert parts[part] != "ok"
        assert {name for name in others if parts[name] == "ok"} == others
        assert (await client.get("/healthz")).status_code == 200, "the worker itself is alive"


@pytest.mark.parametrize("away", [frozen, gone])
async def test_without_redis_nothing_is_booked_and_that_is_said(
    server: Server, client: httpx.AsyncClient, sample: Sample, away: type[frozen]
) -> None:
    with away(server.redis):
        assert (await client.get(f"/api/experts?page=1&limit={7 if away is gone else 8}")).status_code == 200
        for answer in (
            await client.post("/api/bookings", json=order(sample)),
            await client.get(f"/api/experts/{sample.expert.id}"),
        ):
            assert (answer.status_code, answer.json()["code"]) == (503, "store-unavailable")
            assert int(answer.headers["retry-after"]) >= 1
    await eventually(lambda: ready(client), 20)
    if away is gone:  # a frozen Redis may run what it was sent, once it thaws
        assert (await client.post("/api/bookings", json=order(sample))).status_code == 201


@pytest.mark.parametrize("away", [frozen, gone])
async def test_without_mongo_a_booking_is_claimed_and_becomes_durable(
    server: Server, client: httpx.AsyncClient, sample: Sample, away: type[frozen]
) -> None:
    key = {"idempotency-key": secrets.token_hex()}
    expert = await client.get(f"/api/experts/{sample.expert.id}")  # its profile is cached now
    assert expert.status_code == 200
    with away(server.mongo):
        answer = await client.post("/api/bookings", json=order(sample), headers=key)
        assert answer.status_code == 202
        assert set(answer.json()) == {"booking", "accessToken", "statusUrl"}
        assert answer.json()["statusUrl"] == f"{answer.headers['location']}?stored=true"
        assert int(answer.headers["retry-after"]) >= 1
        taken = await client.post("/api/bookings", json=order(sample))
        assert (taken.status_code, taken.json()["code"]) == (409, "slot-taken"), "the claim stands meanwhile"
        told = await client.get(answer.headers["location"])
        assert (told.status_code, told.json()["booking"]["status"]) == (200, "pending")
        unsure = await client.get(answer.json()["statusUrl"])
        assert (unsure.status_code, unsure.json()) == (202, told.json())
        assert int(unsure.headers["retry-after"]) >= 1
        found = await client.get("/api/bookings", params={"email": "nobody@example.com"})
        assert (found.status_code, found.json()["code"]) == (503, "store-unavailable")
    await eventually(lambda: ready(client), 20)
    engine = await Engine.open(server.settings)
    try:
        stored = await eventually(lambda: engine.store.bookings.get(answer.json()["booking"]["id"]))
    finally:
        await engine.close()
    assert stored.slot_id == sample.slots[0].id
    sure = await client.get(answer.json()["statusUrl"])
    assert (sure.status_code, sure.json()) == (200, told.json())
    again = await client.post("/api/bookings", json=order(sample), headers=key)
    assert (again.status_code, again.headers.get("idempotent-replayed")) == (201, "true")
    assert again.json()["booking"] == answer.json()["booking"]


async def test_a_redis_that_comes_back_empty_is_filled_from_mongo(
    server: Server, client: httpx.AsyncClient, sample: Sample
) -> None:
    key = {"idempotency-key": secrets.token_hex()}
    first = await client.post("/api/bookings", json=order(sample), headers=key)
    before = (await client.get(f"/api/experts/{sample.expert.id}")).json()
    from redis.asyncio import Redis

    async with Redis.from_url(server.redis.url) as redis:
        await redis.flushall()

    async def back() -> bool:
        return (await client.get(f"/api/experts/{sample.expert.id}")).status_code == 200

    await eventually(back)
    after = (await client.get(f"/api/experts/{sample.expert.id}")).json()
    assert after["epoch"] != before["epoch"]
    assert after["days"] == before["days"], "the booked slot is booked"
    assert (await client.post("/api/bookings", json=order(sample))).status_code == 409
    again = await client.post("/api/bookings", json=order(sample), headers=key)
    assert (again.status_code, again.content) == (201, first.content)
