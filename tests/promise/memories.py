"""A Redis that wakes up with an older state than it had: two ways to get there."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from redis.asyncio import Redis

from engine.engine import Engine
from engine.settings import Settings
from engine.stack import RedisServer
from tests.promise.proxy import Proxy


class Memory(Protocol):
    @property
    def url(self) -> str: ...

    async def remember(self) -> None:
        """What there is now will be there after `forget`; what comes later will not."""

    async def forget(self, engine: Engine) -> Engine:
        """Answers the engine to go on with."""

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class OldDump:
    """SIGKILL, and an old RDB file put back. The engine lives through it."""

    def __init__(self, directory: Path) -> None:
        self._server = RedisServer(directory, persist=False)
        self._dump = b""

    @property
    def url(self) -> str:
        return self._server.url

    @property
    def _file(self) -> Path:
        return self._server.data / "dump.rdb"

    async def __aenter__(self) -> Self:
        self._server.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.stop()

    async def remember(self) -> None:
        async with Redis.from_url(self.url) as client:
            await client.save()
        self._dump = self._file.read_bytes()

    async def forget(self, engine: Engine) -> Engine:
        self._server.kill()
        self._file.write_bytes(self._dump)
        self._server.restart()
        return engine


class PromotedReplica:
    """The master dies, and its replica, which has not got the last writes, takes over. A new engine finds it."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._master = RedisServer(directory / "master", persist=False, args=("--repl-diskless-sync-delay", "0"))
        self._replica = self._master
        self._proxy: Proxy | None = None

    @property
    def url(self) -> str:
        return self._replica.url if not self._master.alive else self._master.url

    async def __aenter__(self) -> Self:
        self._master.start()
        self._proxy = await Proxy(self._master.url).__aenter__()
        self._replica = RedisServer(self._directory / "replica", persist=False)
        self._replica.start()
        async with Redis.from_url(self._replica.url) as client:
            await client.execute_command("REPLICAOF", "127.0.0.1", self._proxy.port)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._replica.stop()
        self._master.stop()
        assert self._proxy is not None
        await self._proxy.__aexit__(None, None, None)

    async def remember(self) -> None:
        async with Redis.from_url(self._master.url) as client:
            await client.set("synchronised", 1)
            assert await client.wait(1, 10_000) == 1
        assert self._proxy is not None
        self._proxy.deaf = True

    async def forget(self, engine: Engine) -> Engine:
        await engine.close()
        self._master.kill()
        async with Redis.from_url(self._replica.url) as client:
            await client.execute_command("REPLICAOF", "NO", "ONE")
        return await Engine.open(engine.settings.model_copy(update={"redis_url": self._replica.url}))


def settings_on(memory: Memory, settings: Settings) -> Settings:
    return settings.model_copy(update={"redis_url": memory.url, "partitions": 2})
