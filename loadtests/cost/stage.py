"""A worker whose every word to Redis and MongoDB is counted, while it answers requests one after another."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from redis.asyncio import Redis

from engine import reconcile
from engine.engine import Engine
from engine.settings import Settings
from engine.stack import MongoServer, RedisServer
from loadtests.bench.servers import ROOT, serving
from loadtests.bench.wrk import BenchError, Line
from loadtests.cost.client import Client
from loadtests.cost.tap import Tap, mongo_commands, redis_commands
from loadtests.cost.worker import NEVER, put_off

WARM = 2
"""Requests that are not counted: what is read once and then kept is no request's cost."""

PATIENCE = 20.0
"""Seconds for the outbox to become empty."""

WRITES = {
    "del", "expire", "expireat", "hdel", "hincrby", "hset", "hsetnx", "incr", "lpush", "pexpire", "pexpireat",
    "publish", "rpush", "sadd", "set", "setex", "spublish", "srem", "xadd", "xdel", "xtrim", "zadd", "zrem",
}  # fmt: skip

OF_CONNECTIONS = ("client", "config", "evalsha", "hello", "info", "ping", "script")
"""Not counted among what Redis runs: the calls themselves are counted on their way, the rest is no request's."""

OF_PYMONGO = {"endSessions", "hello", "ping"}


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one request, as a mean over many."""

    calls: float
    """Commands that the worker sends to Redis."""
    redis: float
    """Commands that Redis runs, those within scripts and alone."""
    writes: float
    """Those of them that change something or publish."""
    redis_bytes: float
    """To Redis."""
    mongo: float
    """Commands that the worker sends to MongoDB."""
    mongo_bytes: float
    syscalls: float | None
    """Reads and writes of the worker, to whomever; None where the system does not count them."""


@dataclass(frozen=True, slots=True)
class _Counts:
    calls: Counter[str]
    ran: Counter[str]
    mongo: Counter[str]
    redis_bytes: int
    mongo_bytes: int
    io: int | None


class Stage:
    def __init__(self, engine: Engine, worker: tuple[int, int], taps: tuple[Tap, Tap], direct: Redis) -> None:
        """``worker``: pid and port. ``direct``: to Redis, past the tap."""
        self.engine = engine
        self._pid, self._port = worker
        self._redis, self._mongo = taps
        self._direct = direct
        self._looks: Counter[str] = Counter()
        """Commands of our own that Redis has run."""

    async def cost(self, lines: Sequence[Line], status: int) -> Cost:
        """Sends the requests one after another. Raises BenchError if one is not answered with ``status``."""
        async with Client(self._port) as client:
            await self._ask(client, lines[:WARM], status)
            before = await self._counts()
            await self._ask(client, lines[WARM:], status)
            after = await self._counts()
        count = len(lines) - WARM
        ran = after.ran - before.ran
        mongo = after.mongo - before.mongo
        return Cost(
            calls=(after.calls - before.calls).total() / count,
            redis=ran.total() / count,
            writes=sum(number for name, number in ran.items() if name in WRITES) / count,
            redis_bytes=(after.redis_bytes - before.redis_bytes) / count,
            mongo=sum(number for name, number in mongo.items() if name not in OF_PYMONGO) / count,
            mongo_bytes=(after.mongo_bytes - before.mongo_bytes) / count,
            syscalls=None if before.io is None or after.io is None else (after.io - before.io) / count,
        )

    @staticmethod
    async def _ask(client: Client, lines: Sequence[Line], status: int) -> None:
        for line in lines:
            got, body = await client.send(line)
            if got != status:
                said = body[:300].decode(errors="replace")
                raise BenchError(f"{line.method} {line.path}: expected {status}, got {got}: {said}")

    async def _counts(self) -> _Counts:
        """Taken when what follows a request (its outbox entry goes) has been done as well."""
        async with asyncio.timeout(PATIENCE):
            for partition in self.engine.keys.partitions:
                while True:
                    self._looks["xlen"] += 1
                    if not await self._direct.xlen(partition.outbox):
                        break
                    await asyncio.sleep(0.01)
        stats = await self._direct.info("commandstats")
        ran = Counter({name.removeprefix("cmdstat_"): numbers["calls"] for name, numbers in stats.items()})
        ours = Counter({name: number for name, number in ran.items() if not name.startswith(OF_CONNECTIONS)})
        return _Counts(
            Counter(self._redis.commands), ours - self._looks, Counter(self._mongo.commands),
            self._redis.sent, self._mongo.sent, self._io(),
        )  # fmt: skip

    def _io(self) -> int | None:
        try:
            lines = Path(f"/proc/{self._pid}/io").read_text().splitlines()
        except OSError:
            return None
        numbers = dict(line.split(": ") for line in lines)
        return int(numbers["syscr"]) + int(numbers["syscw"])


@asynccontextmanager
async def stage(
    folder: Path, redis: RedisServer, mongo: MongoServer, module: str = "loadtests.cost.worker"
) -> AsyncIterator[Stage]:
    """``module`` is started as ``api.worker`` is. It has Redis to itself, and a database named after the module."""
    settings = Settings(
        redis_url=redis.url, mongo_url=mongo.url, mongo_database=module.replace(".", "-"), data_dir=folder,
        sweep_every=NEVER, adopt_after=NEVER, redis_timeout=120, access="open", rate_limits=False, log_level="warning",
        _env_file=None,
    ).for_development()  # fmt: skip
    async with AsyncExitStack() as stack:
        stack.callback(setattr, reconcile, "EVERY", reconcile.EVERY)  # others use this process, too
        put_off()
        direct = await stack.enter_async_context(Redis.from_url(redis.url))
        await direct.flushall()
        taps = (
            await stack.enter_async_context(Tap(redis.url, redis_commands)),
            await stack.enter_async_context(Tap(mongo.url, mongo_commands)),
        )
        tapped = settings.model_copy(update={"redis_url": taps[0].url, "mongo_url": taps[1].url})
        metrics = folder / "metrics" / module
        metrics.mkdir(parents=True)
        env = {**tapped.environment(), "PROMETHEUS_MULTIPROC_DIR": str(metrics), "PYTHONPATH": str(ROOT)}
        starting = serving(module, [sys.executable, "-m", module], env, folder / f"{module}.log", frozenset())
        worker = await asyncio.to_thread(starting.__enter__)
        stack.callback(starting.__exit__, None, None, None)
        engine = await Engine.open(settings)
        stack.push_async_callback(engine.close)
        yield Stage(engine, worker, taps, direct)
