"""Everything that runs: both servers, a proxy before each, and the API's workers."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Self

from engine.cli.workers import Workers, _Worker, listen
from engine.engine import Engine
from engine.settings import Settings
from engine.stack import Child, MongoServer, RedisServer
from engine.store.bookings import FENCE
from tests.faults.generation import Servers
from tests.faults.http import Http
from tests.faults.proxy import Proxy

ROOT = Path(__file__).parents[2]
DATABASE = "faults"
LARGEST_LOG = 20_000_000

TUNING = {
    "workers": 2,
    "partitions": 4,
    "commit_timeout": 3.0,
    "adopt_after": 2.0,
    "redis_timeout": 1.5,
    "hold_seconds": 4.0,
    "hold_most": 8.0,
    "drain_timeout": 3.0,
    "log_level": "warning",
}
"""Everything that waits waits shorter than in production, so that more happens in a minute."""


class FaultWorkers(Workers):
    """The product's supervisor, with `tests.faults.worker` for its processes and a file for what they say."""

    def __init__(self, listener: socket.socket, settings: Settings, log: Path, env: Mapping[str, str]) -> None:
        super().__init__(listener, settings, self._tell)
        self._file = log
        self._env = {**self._env, **env, "PYTHONPATH": str(ROOT)}

    def _tell(self, line: str) -> None:
        with self._file.open("a") as file:
            file.write(f"{line}\n")

    def tend(self) -> None:
        for worker in self._workers:
            worker.delay = 0.0  # one that we kill all the time is not a bad one
        super().tend()

    def _launch(self, worker: _Worker) -> None:
        worker.close_pipe()
        worker.ready_fd, write_fd = os.pipe()
        os.set_blocking(worker.ready_fd, False)
        fd = str(self._listener.fileno())
        command = [sys.executable, "-m", "tests.faults.worker", "--fd", fd, "--ready-fd", str(write_fd)]
        try:
            worker.child = Child(command, log=self._file, env=self._env, pass_fds=(int(fd), write_fd))
        finally:
            os.close(write_fd)
        worker.ready, worker.born, worker.due = False, time.monotonic(), 0.0


class Stage:
    """``async with Stage(folder) as stage``. ``planted`` names a bug of `tests.faults.planted`."""

    def __init__(self, folder: Path, *, planted: str = "") -> None:
        self.folder = folder
        self.planted = planted
        folder.mkdir(parents=True, exist_ok=True)
        # Rewritten by us between two faults only: a copy of the folder is then never taken in the middle of it.
        self.redis = RedisServer(folder / "redis", args=("--auto-aof-rewrite-percentage", "0"))
        self.mongo = MongoServer(folder / "mongo")
        self.clock = folder / "clock"
        self.clock.write_text("0")
        self.log = folder / "workers.log"

    async def __aenter__(self) -> Self:
        try:
            return await self._start()
        except BaseException:
            await self.stop()
            raise

    async def _start(self) -> Self:
        for server in (self.redis, self.mongo):
            await asyncio.to_thread(server.start)
        self.redis_proxy = await Proxy(self.redis.url).__aenter__()
        self.mongo_proxy = await Proxy(self.mongo.url).__aenter__()
        self.listener = listen(Settings(port=0, _env_file=None))  # type: ignore[call-arg]
        self.port: int = self.listener.getsockname()[1]
        common = {"mongo_database": DATABASE, "data_dir": self.folder, **TUNING}
        redis, mongo = self.redis_proxy.port, self.mongo_proxy.port
        self.settings = self._settings(redis, mongo, common)
        self._direct = self._settings(self.redis.port, self.mongo.port, {**common, "sweep_every": 3600.0})
        self.servers = Servers(self.redis.url, self.mongo.url, DATABASE, self.settings.partitions)
        env = {"FAULTS_CLOCK": str(self.clock), "FAULTS_PLANTED": self.planted}
        self.workers = FaultWorkers(self.listener, self.settings, self.log, env)
        await asyncio.to_thread(self.workers.start)
        self._tender = asyncio.create_task(self._tend())
        return self

    @staticmethod
    def _settings(redis: int, mongo: int, common: Mapping[str, object]) -> Settings:
        return Settings(
            access="open",
            rate_limits=False,
            redis_url=f"redis://127.0.0.1:{redis}/0",
            mongo_url=f"mongodb://127.0.0.1:{mongo}/?directConnection=true",
            _env_file=None,  # type: ignore[call-arg]
            **common,  # type: ignore[arg-type]
        ).for_development()

    @asynccontextmanager
    async def engine(self) -> AsyncIterator[Engine]:
        """An engine of our own, past the proxies. Not to be open for long: it would help the workers out."""
        engine = await Engine.open(self._direct)
        try:
            yield engine
        finally:
            await engine.close()
            if self.planted == "no-fence":
                await self.servers.database["bookings"].drop_index(FENCE)

    async def _tend(self) -> None:
        while True:
            self.workers.tend()
            await asyncio.sleep(0.2)

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def stop(self) -> None:
        if hasattr(self, "_tender"):
            self._tender.cancel()
            await asyncio.gather(self._tender, return_exceptions=True)
            await asyncio.to_thread(self.workers.stop)
        for name in ("redis_proxy", "mongo_proxy"):
            if proxy := getattr(self, name, None):
                await proxy.__aexit__(None, None, None)
        if hasattr(self, "servers"):
            await self.servers.close()
        if hasattr(self, "listener"):
            self.listener.close()
        for server in (self.redis, self.mongo):
            await asyncio.to_thread(server.kill)

    async def healthy(self, patience: float = 30.0) -> None:
        """Returns when every worker is there and says that it is ready. Raises TimeoutError."""
        async with asyncio.timeout(patience):
            while not await self._healthy():
                await asyncio.sleep(0.1)

    async def _healthy(self) -> bool:
        if len(self.workers.pids) < self.settings.workers:
            return False
        if not all(worker.ready for worker in self.workers._workers):
            return False
        for _ in range(3):  # each on a connection of its own: most likely every worker is asked
            http = Http(self.port)
            status, _, _ = await http.ask("GET", "/readyz", patience=3)
            http.close()
            if status != 200:
                return False
        return True

    async def drained(self, before: float, patience: float = 30.0) -> None:
        """Returns when no outbox entry from before that moment (epoch seconds) is left. Raises TimeoutError."""
        async with asyncio.timeout(patience):
            while (oldest := await self.servers.oldest_entry()) is not None and oldest <= before:
                await asyncio.sleep(0.1)

    async def tidy(self) -> None:
        """Bounds what a long run leaves on the disk."""
        await self.servers.redis.bgrewriteaof()
        async with asyncio.timeout(30):
            while (await self.servers.redis.info("persistence"))["aof_rewrite_in_progress"]:
                await asyncio.sleep(0.05)
        for log in (self.log, self.redis.log, self.mongo.log):
            if log.exists() and log.stat().st_size > LARGEST_LOG:
                os.truncate(log, 0)

    def copy_redis(self) -> Path:
        """The data folder of Redis as it is now."""
        copy = self.folder / "redis-then"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(self.redis.data, copy)
        return copy

    def put_back(self, copy: Path) -> None:
        """Redis must not be running."""
        shutil.rmtree(self.redis.data)
        copy.rename(self.redis.data)
