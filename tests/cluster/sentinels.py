"""A master, a replica, and three sentinels that watch them."""

from __future__ import annotations

import socket
import time
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from redis import Redis

from engine.stack import RedisServer
from engine.stack.servers import Server, valkey_binary

NAME = "slotline"
DOWN_AFTER = 1000
"""Milliseconds of silence after which a sentinel holds the master for dead."""


class SentinelServer(Server):
    label = "Sentinel"

    def __init__(self, directory: Path, master: int) -> None:
        super().__init__(directory)
        self.master = master

    @property
    def url(self) -> str:
        return f"127.0.0.1:{self.port}"

    def _command(self) -> list[str]:
        config = self.data / "sentinel.conf"
        config.write_text(
            f"port {self.port}\nbind 127.0.0.1\ndir {self.data}\n"
            f"sentinel monitor {NAME} 127.0.0.1 {self.master} 2\n"
            f"sentinel down-after-milliseconds {NAME} {DOWN_AFTER}\n"
            f"sentinel failover-timeout {NAME} 5000\n"
        )
        return [str(valkey_binary()), str(config), "--sentinel"]

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), 0.5) as link:
                link.sendall(b"PING\r\nQUIT\r\n")
                return link.recv(100).startswith(b"+PONG")
        except OSError:
            return False


class Sentinels:
    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._stack = ExitStack()

    @property
    def url(self) -> str:
        return f"redis+sentinel://{','.join(each.url for each in self.sentinels)}/{NAME}"

    def __enter__(self) -> Self:
        with self._stack as stack:
            promptly = ("--repl-diskless-sync-delay", "0")
            self.master = stack.enter_context(RedisServer(self.directory / "one", args=promptly))
            follow = ("--replicaof", f"127.0.0.1 {self.master.port}", *promptly)
            self.replica = stack.enter_context(RedisServer(self.directory / "two", args=follow))
            self.sentinels = [SentinelServer(self.directory / f"sentinel{n}", self.master.port) for n in range(3)]
            for each in self.sentinels:
                stack.enter_context(each)
            self._wait_until_known()
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def _wait_until_known(self) -> None:
        """Sentinels find the replica by asking the master, and each other through it."""
        deadline = time.monotonic() + 15
        with Redis(port=self.replica.port) as client:
            while client.info("replication")["master_link_status"] != "up":
                assert time.monotonic() < deadline
                time.sleep(0.05)
        for sentinel in self.sentinels:
            with Redis(port=sentinel.port, decode_responses=True) as client:
                while True:
                    state = client.sentinel_master(NAME)
                    if (state["num-slaves"], state["num-other-sentinels"]) == (1, 2):
                        break
                    assert time.monotonic() < deadline, state
                    time.sleep(0.05)
