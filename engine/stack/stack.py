"""Both embedded servers of one data folder, at most one such pair a folder."""

from __future__ import annotations

import fcntl
import json
import os
import time
from dataclasses import asdict, dataclass
from io import TextIOWrapper
from pathlib import Path
from types import TracebackType
from typing import Self

from engine.stack.cluster import RedisCluster
from engine.stack.errors import StackError
from engine.stack.servers import START_TIMEOUT, MongoServer, RedisServer, Server

LOCK_FILE = "lock"
STATE_FILE = "stack.json"
LOCK_PATIENCE = 0.3  # seconds; `running` of another process takes the lock for a moment


@dataclass(frozen=True, slots=True)
class Running:
    """What ``stack.json`` tells other processes. A URL is None when that server is not ours."""

    pid: int
    redis_url: str | None
    mongo_url: str | None


class Stack:
    """``with Stack(folder) as stack: stack.redis_url …``. Servers that are not wanted are not started."""

    def __init__(self, data_dir: Path, *, redis: bool = True, mongo: bool = True, cluster: bool = False) -> None:
        """``cluster``: Redis is a cluster of six. Raises StackError if a wanted server is not installed."""
        self.data_dir = data_dir
        self.redis: RedisServer | RedisCluster | None = None
        if redis:
            self.redis = RedisCluster(data_dir / "cluster") if cluster else RedisServer(data_dir / "redis")
        self.mongo = MongoServer(data_dir / "mongo") if mongo else None
        self._lock: TextIOWrapper | None = None

    @property
    def servers(self) -> list[Server | RedisCluster]:
        return [server for server in (self.redis, self.mongo) if server is not None]

    @property
    def redis_url(self) -> str | None:
        return self.redis.local_url if self.redis else None

    @property
    def mongo_url(self) -> str | None:
        return self.mongo.url if self.mongo else None

    def start(self, timeout: float = START_TIMEOUT) -> Self:
        """Start both at the same time and return when both answer.

        Raises StackError if the folder is in use or cannot be written, or a server does not come up.
        """
        self._lock = _take_lock(self.data_dir)
        try:
            for server in self.servers:
                server.launch()
            for server in self.servers:
                server.wait_ready(timeout)
            self._write_state()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Stop both and give the folder free. The data stays."""
        if self._lock is None:
            return
        (self.data_dir / STATE_FILE).unlink(missing_ok=True)
        try:
            for server in self.servers:
                server.stop()
        finally:
            self._lock.close()
            self._lock = None

    def mend(self) -> list[str]:
        """Restart, on its port and data, every server that has died. Returns their labels."""
        dead = [server for server in self.servers if not server.alive]
        for server in dead:
            server.restart()
        return [server.label for server in dead]

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _write_state(self) -> None:
        state = Running(os.getpid(), self.redis_url, self.mongo_url)
        path = self.data_dir / STATE_FILE
        draft = path.with_suffix(".new")
        draft.write_text(json.dumps(asdict(state)))
        draft.replace(path)


def running(data_dir: Path) -> Running | None:
    """The stack that another process (or this one) runs in the folder, if any and if it is ready."""
    try:
        with (data_dir / LOCK_FILE).open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return None
    except BlockingIOError:
        pass
    except OSError:
        return None
    try:
        return Running(**json.loads((data_dir / STATE_FILE).read_text()))
    except (OSError, ValueError, TypeError):
        return None


def _take_lock(data_dir: Path) -> TextIOWrapper:
    path = data_dir / LOCK_FILE
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        lock = path.open("a+")
    except OSError as error:
        raise StackError(f"cannot write in the data folder {data_dir}: {error.strerror}") from error
    deadline = time.monotonic() + LOCK_PATIENCE
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError as error:
            if time.monotonic() < deadline:
                time.sleep(0.02)
                continue
            with lock:
                lock.seek(0)
                pid = lock.read().strip()
            raise StackError(f"Slotline is already running here (pid {pid}; data folder {data_dir})") from error
    lock.truncate(0)
    lock.write(f"{os.getpid()}\n")
    lock.flush()
    return lock
