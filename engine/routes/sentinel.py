"""One master at a time, where the sentinels say that it is."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import hiredis
from redis.asyncio.sentinel import Sentinel
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from engine.errors import StoreUnavailable
from engine.link import Link
from engine.routes.address import Address
from engine.scripts import Script
from engine.wire import Arg, LinkDown, Wire

NO_MASTER = ("READONLY", "MASTERDOWN", "LOADING")
"""What a server says that has become a replica, or is not a master yet."""

PAUSE = 0.1


class SentinelLink(Link):
    """A `Link` that asks where to go before each connection, and waits ``failover`` seconds for a new master."""

    longest_pause = 0.25

    def __init__(self, address: Address, timeout: float, failover: float) -> None:
        super().__init__("", timeout)
        self._address = address
        self._patience = failover
        patience = min(timeout, 1.0)
        self._sentinel = Sentinel(  # type: ignore[no-untyped-call]
            address.hosts,
            sentinel_kwargs={
                "socket_timeout": patience,
                "socket_connect_timeout": patience,
                "retry": Retry(NoBackoff(), 0),
                **address.sentinel_login,
            },
        )

    async def close(self) -> None:
        await super().close()
        await self._sentinel.aclose()

    async def subscriber(self, wire: Callable[[], Wire], server: str) -> Wire:
        found = await super().subscriber(wire, server)
        try:
            async with asyncio.timeout(self._timeout):
                await self._examine(found)
        except BaseException:
            found.close()
            raise
        return found

    async def _connect(self) -> None:
        """By what one sentinel says, or the next: the first one may be cut off from the others, and out of date."""
        sentinels = self._sentinel.sentinels
        for _ in sentinels[1:]:
            try:
                await super()._connect()
            except (OSError, hiredis.ReplyError, StoreUnavailable):
                sentinels.append(sentinels.pop(0))
            else:
                return
        await super()._connect()

    async def run(self, script: Script, keys: tuple[str, ...], args: tuple[Arg, ...]) -> list[Any]:
        answer: list[Any] = await self._on_master(lambda: super(SentinelLink, self).run(script, keys, args))
        return answer

    async def call(self, *command: Arg, at: str | None = None) -> Any:
        return await self._on_master(lambda: super(SentinelLink, self).call(*command))

    async def _on_master(self, deed: Callable[[], Awaitable[Any]]) -> Any:
        """Does it again elsewhere if the server turns out to be no master: it has refused, so nothing happened."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._patience
        while True:
            try:
                return await deed()
            except hiredis.ReplyError as error:
                if not str(error).startswith(NO_MASTER) or loop.time() > deadline:
                    raise
                if self._wire is not None:
                    self._wire.close()
            await asyncio.sleep(PAUSE)

    async def _where(self) -> str:
        try:
            host, port = await self._sentinel.discover_master(self._address.master)
        except (RedisError, OSError) as error:
            raise LinkDown(f"the sentinels name no master {self._address.master!r} just now") from error
        return self._address.url_of(str(host), int(port))

    async def _examine(self, wire: Wire) -> None:
        """A sentinel may not know yet that the master has become a replica."""
        role = await wire.call("ROLE")
        if role[0] != b"master":
            wire.close()
            raise LinkDown(f"what the sentinels name as {self._address.master!r} is a {role[0].decode()}")
