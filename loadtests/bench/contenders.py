"""Slotline and its peers: a worker process each, all pinned to the same core, all their stores on the other."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from engine.settings import Settings
from engine.stack import RedisServer
from loadtests.bench.books import Books, InMongo, InPostgres
from loadtests.bench.databases import PostgresServer, RustMongoServer, postgres, postgres_version
from loadtests.bench.machine import Cores, cpu_seconds, on
from loadtests.bench.servers import ROOT, serving, settings_of, worker
from loadtests.bench.wrk import BenchError

PEERS = ROOT / "loadtests" / "peers"
PYTHON = PEERS / ".venv" / "bin" / "python"
RUST_STORE = PEERS / ".venv" / "bin" / "secantusd-rs"
MODULES = PEERS / "node_modules"

POOL = int(os.environ.get("POOL", "20"))
"""Connections of each peer to its database: ``POOL=10 python -m loadtests.bench peers`` tries another number."""

OURS = "Slotline"
FASTAPI = "FastAPI + asyncpg"
EXPRESS = "Express + pg"
INDEX = "Express + mongoose"
TRANSACTION = "Express + mongoose, transaction"
BARE = "bare group commit"
"""No alternative but a bound: see `loadtests.bench.bare_commit`."""


@dataclass(frozen=True, slots=True)
class Contender:
    name: str
    what: str
    pid: int
    port: int
    stores: tuple[int, ...]
    """Pids of its databases."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def spent(self) -> tuple[float, float]:
        """CPU seconds so far: the worker's and its stores'."""
        return cpu_seconds(self.pid), sum(map(cpu_seconds, self.stores))

    def memory(self) -> tuple[float, float]:
        """MB, with shared pages counted once: the worker's and its stores'."""
        return megabytes(self.pid), sum(map(megabytes, self.stores))


@dataclass(frozen=True, slots=True)
class Field:
    contenders: list[Contender]
    """Ours first."""
    books: dict[str, Books]
    """The peers', by name."""
    settings: Settings
    """Ours."""


def missing() -> str | None:
    """What the comparison lacks and how to get it, in a line."""
    wants = []
    try:
        postgres_version()
    except BenchError:
        wants.append("PostgreSQL's server (apt install postgresql)")
    if shutil.which("node") is None:
        wants.append("Node.js 20.19 or newer with npm (apt install nodejs npm)")
    elif not MODULES.exists():
        wants.append("the peers' Node packages (npm ci --prefix loadtests/peers; make bench does it)")
    if not RUST_STORE.exists():
        wants.append("the peers' Python packages (make loadtests/peers/.venv/.ready; make bench does it)")
    return f"the comparison with peers lacks {', and '.join(wants)}" if wants else None


@contextmanager
def running(folder: Path, cores: Cores) -> Iterator[Field]:
    """Everything started and ready. Raises BenchError, StackError."""
    with ExitStack() as stack:
        stack.enter_context(on(cores.others))
        mongo = stack.enter_context(RustMongoServer(folder / "mongo", RUST_STORE))
        redis = stack.enter_context(RedisServer(folder / "redis", args=("--auto-aof-rewrite-percentage", "0")))
        postgresql = stack.enter_context(postgres())
        settings = settings_of(folder, redis, mongo, "slotline")
        ours = stack.enter_context(worker("product", settings, redis, cores))
        what = "as shipped, with holds, idempotency keys and a live feed; Redis decides, MongoDB remembers"
        field = Field([Contender(OURS, what, ours.pid, ours.port, (redis.pid, mongo.pid))], {}, settings)
        for name, what, command, database in COMMANDS:
            if database in ("fastapi", "express"):
                postgresql.ask(f"CREATE DATABASE {database}")
                env, books = in_postgres(postgresql, database)
                store = postgresql.pid
            else:
                env, books = in_mongo(mongo, database)
                store = mongo.pid
            log = folder / f"{database}.log"
            pid, port = stack.enter_context(serving(name, command, env, log, cores.server))
            field.contenders.append(Contender(name, what, pid, port, (store,)))
            field.books[name] = books
        yield field


COMMANDS = (
    (FASTAPI, "a unique index of PostgreSQL decides", [str(PYTHON), str(PEERS / "fastapi_pg.py")], "fastapi"),
    (EXPRESS, "a unique index of PostgreSQL decides", ["node", str(PEERS / "express_pg.js")], "express"),
    (INDEX, "a unique index of the same MongoDB decides", ["node", str(PEERS / "express_mongoose.js")], "index"),
    (TRANSACTION, "a transaction looks first, the unique index decides",
     ["node", str(PEERS / "express_mongoose.js")], "transaction"),
    (BARE, "no peer but a bound: Slotline's documents and indexes in the same MongoDB, no Redis and no rules",
     [sys.executable, "-m", "loadtests.bench.bare_commit"], "bare"),
)  # fmt: skip
"""Name, what it is, how it starts, and its database (for mongoose: the scheme, too)."""


def in_postgres(server: PostgresServer, database: str) -> tuple[dict[str, str], Books]:
    return environment(DATABASE_URL=server.url_of(database)), InPostgres(server, database)


def in_mongo(server: RustMongoServer, scheme: str) -> tuple[dict[str, str], Books]:
    url = server.url.replace("/?", f"/{scheme}?")
    return environment(MONGO_URL=url, SCHEME=scheme, PYTHONPATH=str(ROOT)), InMongo(server.url, scheme)


def environment(**values: str) -> dict[str, str]:
    return {"NODE_ENV": "production", "POOL": str(POOL), **values}


def megabytes(pid: int) -> float:
    process = psutil.Process(pid)
    total = 0
    for each in (process, *process.children(recursive=True)):
        info = each.memory_full_info()
        total += getattr(info, "pss", info.rss)
    return total / 1e6


def versions() -> str:
    node = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    return ", ".join([postgres_version(), f"Node.js {node.removeprefix('v')}", *packages(), "secantusd-rs of 0.6.0b17"])


def packages() -> list[str]:
    """Name and version of what the peers are made of."""
    node = [
        f"{name} {json.loads((MODULES / name / 'package.json').read_text())['version']}"
        for name in ("express", "pg", "mongoose")
    ]
    lock = (PEERS / "requirements.lock").read_text().splitlines()
    python = [
        line.split(" ")[0].replace("==", " ") for line in lock if line.startswith(("fastapi=", "asyncpg=", "uvicorn="))
    ]
    return python + node
