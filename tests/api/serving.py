"""The API as it runs: worker processes on a socket of their own, on real servers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import psutil

from engine.cli.workers import Workers, address, listen
from engine.settings import Settings
from engine.stack import MongoServer, RedisServer
from tests.samples import Sample

SUMMARY = {
    "id", "name", "category", "headline", "experience", "rating", "reviewCount", "avatarUrl", "nextOpen",
}  # fmt: skip
"""Fields of an expert in a list."""

Add = Callable[..., Any]
"""The fixture ``add``."""


@dataclass(frozen=True, slots=True)
class Server:
    base: str
    """``http://host:port``."""
    settings: Settings
    workers: Workers
    redis: RedisServer
    mongo: MongoServer
    said: list[str] = field(default_factory=list)
    """What the supervisor had to tell."""

    def worker_of(self, client_port: int) -> int:
        """The pid of the worker that serves the connection from this port of ours."""
        for pid in self.workers.pids:
            for connection in psutil.Process(pid).net_connections("tcp"):
                if connection.raddr and connection.raddr.port == client_port:
                    return pid
        raise AssertionError(f"no worker has a connection from port {client_port}")


@contextmanager
def serving(redis: RedisServer, mongo: MongoServer, database: str, folder: Path, **knobs: Any) -> Iterator[Server]:
    """Workers (two, unless ``knobs`` say otherwise) until the end of the block.

    Open to all and without limits: most tests are many customers at one address."""
    knobs = {"workers": 2, "access": "open", "rate_limits": False, "log_level": "warning", **knobs}
    settings = Settings(
        port=0,
        redis_url=redis.url,
        mongo_url=mongo.url,
        mongo_database=database,
        data_dir=folder,
        _env_file=None,  # type: ignore[call-arg]
        **knobs,
    ).for_development()
    said: list[str] = []
    with listen(settings) as listener, Workers(listener, settings, said.append) as workers:
        yield Server(address(listener), settings, workers, redis, mongo, said)


@asynccontextmanager
async def one_client_a_worker(server: Server) -> AsyncIterator[list[httpx.AsyncClient]]:
    """Clients of one connection each, every one to another worker, whose name is in its answers' X-Request-Id."""
    found: dict[str, httpx.AsyncClient] = {}
    tried: list[httpx.AsyncClient] = []
    deadline = time.monotonic() + 20
    try:
        while len(found) < server.settings.workers:
            assert time.monotonic() < deadline, "one worker takes all connections"
            limits = httpx.Limits(max_connections=1, keepalive_expiry=None)
            batch = [httpx.AsyncClient(base_url=server.base, limits=limits, timeout=30) for _ in range(8)]
            tried += batch
            answers = await asyncio.gather(*(client.get("/healthz") for client in batch))
            for client, answer in zip(batch, answers, strict=True):
                found.setdefault(worker_name(answer), client)
        yield list(found.values())
    finally:
        for client in tried:
            await client.aclose()


def worker_name(answer: httpx.Response) -> str:
    """The same for all answers of a worker, if we sent no X-Request-Id."""
    return str(answer.headers["x-request-id"]).partition("-")[0]


def order(sample: Sample, slot: int = 0, **changes: Any) -> dict[str, Any]:
    """The body of a booking of the sample's slot."""
    return {
        "expertId": sample.expert.id,
        "slotId": sample.slots[slot].id,
        "name": "Ann Onymous",
        "email": "ann@example.com",
        "phone": "+49 30 1234567",
        **changes,
    }


async def book(client: httpx.AsyncClient, sample: Sample, slot: int = 0, **changes: Any) -> dict[str, Any]:
    answer = await client.post("/api/bookings", json=order(sample, slot, **changes))
    assert answer.status_code == 201, answer.text
    return dict(answer.json()["booking"])


async def move(client: httpx.AsyncClient, booking_id: str, status: str, **more: Any) -> httpx.Response:
    return await client.patch(f"/api/bookings/{booking_id}/status", json={"status": status, **more})


async def eventually(true: Callable[[], Awaitable[Any]], seconds: float = 10.0) -> Any:
    """The first truthy answer of ``true``; fails without one in time."""
    deadline = time.monotonic() + seconds
    while not (answer := await true()):
        assert time.monotonic() < deadline, f"not so within {seconds:g} s"
        await asyncio.sleep(0.03)
    return answer


def instant(epoch_seconds: float) -> str:
    return datetime.fromtimestamp(epoch_seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
