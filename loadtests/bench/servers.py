"""The processes of a run: both stores, and a worker of each kind on a socket of its own."""

from __future__ import annotations

import http.client
import os
import re
import select
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from engine.settings import Settings
from engine.stack import Child, MongoServer, RedisServer
from loadtests.bench.machine import Cores, on
from loadtests.bench.wrk import BenchError, Line

START_TIMEOUT = 30.0
BACKLOG = 1024
ROOT = Path(__file__).parents[2]
METRIC = re.compile(r'^slotline_request_seconds_count\{.*status="(\d+)".*\} (\S+)$', re.MULTILINE)
MODULES = {
    "hello": "loadtests.bench.hello",
    "claim": "loadtests.bench.claim_app",
    "instant": "loadtests.bench.instant_app",
    "product": "api.worker",
}
STAND_INS = ("claim", "instant")
"""These keep nothing in MongoDB and would adopt the product's outbox: they have another Redis."""


@dataclass(frozen=True, slots=True)
class Worker:
    """One API process, and the Redis that it uses."""

    pid: int
    port: int
    redis: RedisServer

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def send(self, line: Line) -> tuple[int, bytes]:
        return send(self.port, line)

    def metrics(self) -> str:
        return self.send(Line("GET", "/metrics"))[1].decode()


def send(port: int, line: Line) -> tuple[int, bytes]:
    """One request by itself: its status and body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    headers = {"content-type": "application/json"} if line.body else {}
    if line.key:
        headers["idempotency-key"] = line.key
    try:
        connection.request(line.method, line.path, line.body.encode() or None, headers)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def answered(metrics: str) -> dict[int, int]:
    """Status → answers so far, whatever the route."""
    statuses: dict[int, int] = {}
    for status, count in METRIC.findall(metrics):
        statuses[int(status)] = statuses.get(int(status), 0) + int(float(count))
    return statuses


def gauge(metrics: str, name: str) -> float:
    found = re.search(rf"^{name}(?:\{{.*\}})? (\S+)$", metrics, re.MULTILINE)
    return float(found.group(1)) if found else 0.0


@dataclass(frozen=True, slots=True)
class Servers:
    mongo: MongoServer
    workers: dict[str, Worker]
    """By the names in `MODULES`."""
    product: Settings
    stand_ins: Settings


@contextmanager
def running(folder: Path, cores: Cores) -> Iterator[Servers]:
    """Everything started and ready. Redis as shipped, only that it never rewrites its log in the middle of a run."""
    with ExitStack() as stack:
        stack.enter_context(on(cores.others))
        mongo = stack.enter_context(MongoServer(folder / "mongo"))
        args = ("--auto-aof-rewrite-percentage", "0")
        redis, other = (stack.enter_context(RedisServer(folder / name, args=args)) for name in ("redis", "other"))
        product = settings_of(folder, redis, mongo, "product")
        stand_ins = settings_of(folder, other, mongo, "stand_ins")
        workers = {}
        for name in MODULES:
            its = (stand_ins, other) if name in STAND_INS else (product, redis)
            workers[name] = stack.enter_context(worker(name, *its, cores))
        yield Servers(mongo, workers, product, stand_ins)


def settings_of(folder: Path, redis: RedisServer, mongo: MongoServer, database: str) -> Settings:
    return Settings(
        redis_url=redis.local_url, mongo_url=mongo.url, mongo_database=database, data_dir=folder, log_level="warning",
        access="open", rate_limits=False, _env_file=None,
    ).for_development()  # fmt: skip


@contextmanager
def worker(name: str, settings: Settings, redis: RedisServer, cores: Cores) -> Iterator[Worker]:
    metrics = settings.data_dir / "metrics" / name
    metrics.mkdir(parents=True)
    env = {**settings.environment(), "PROMETHEUS_MULTIPROC_DIR": str(metrics), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", MODULES[name]]
    with serving(name, command, env, settings.data_dir / f"{name}.log", cores.server) as (pid, port):
        yield Worker(pid, port, redis)


@contextmanager
def serving(
    name: str, command: list[str], env: dict[str, str], log: Path, core: frozenset[int]
) -> Iterator[tuple[int, int]]:
    """A worker process on a socket of its own: its pid and port, once it has written to ``--ready-fd``.

    Raises BenchError, with the end of its log, if it does not.
    """
    ready, written = os.pipe()
    with socket.create_server(("127.0.0.1", 0), backlog=BACKLOG) as listener, on(core):
        port = listener.getsockname()[1]
        command = [*command, "--fd", str(listener.fileno()), "--ready-fd", str(written)]
        child = Child(command, log=log, env={**os.environ, **env}, pass_fds=(listener.fileno(), written))
    os.close(written)
    try:
        if not (select.select([ready], [], [], START_TIMEOUT)[0] and os.read(ready, 1) == b"R"):
            raise BenchError(f"the worker {name} did not start: {log.read_text()[-300:].strip()}")
        yield child.pid, port
    finally:
        os.close(ready)
        child.stop()
