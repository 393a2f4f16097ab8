"""The ways to Redis: one server, a Redis Cluster, or a master that Sentinel watches.

`engine.calls` and `engine.feed` see no difference.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Protocol

from engine.link import Link
from engine.routes.address import Address, parse
from engine.routes.cluster import ANYWHERE, Cluster
from engine.routes.sentinel import SentinelLink
from engine.scripts import Script
from engine.wire import Arg, Wire

__all__ = ["ANYWHERE", "Address", "Cluster", "Route", "SentinelLink", "parse", "route_to"]


class Route(Protocol):
    """A server is named ``host:port`` where there are several, and ``""`` where any will do."""

    publish: str
    """PUBLISH, or SPUBLISH where updates go through sharded channels."""

    @property
    def since(self) -> float:
        """When the youngest connection was made, on the loop's clock."""

    on_change: Callable[[], None]
    """Called when keys and channels may have moved to other servers."""

    @property
    def up(self) -> bool:
        """Whether every server that is needed is connected."""

    async def open(self) -> None:
        """Connects. Raises `LinkDown`."""

    async def close(self) -> None: ...

    def start(self, script: Script, keys: tuple[str, ...], args: tuple[Arg, ...]) -> asyncio.Future[Any] | None:
        """One script, sent at once to where its keys are thought to be, or None if that cannot be done.

        The future gets the answer, or the error with which `run` would begin to do more about it.
        """

    async def run(self, script: Script, keys: tuple[str, ...], args: tuple[Arg, ...]) -> list[Any]:
        """One script, where its keys are. Raises StoreUnavailable (`LinkLost` if it may have run), ReplyError."""

    async def call(self, *command: Arg, at: str | None = None) -> Any:
        """One command, where the key ``at`` is: without it, the command's first argument. ANYWHERE is a server that
        answers now, and whose connection is not waited for. Raises what `run` raises."""

    def send(self, *command: Arg, heard: Callable[[Any], None] | None = None) -> None:
        """One command that nobody waits for; without a connection it is dropped. ``heard`` gets the answer, if any."""

    def read(self, *packed: bytes, at: str) -> asyncio.Future[Any] | None:
        """Reads of one moment, sent at once to where the key ``at`` and its like are thought to be, or None if that
        cannot be done. The future gets the answers or an error, about which nothing more is done."""

    def owner(self, key: str) -> str:
        """The server that has a key or a sharded channel now."""

    async def subscriber(self, wire: Callable[[], Wire], server: str) -> Wire:
        """A connection of the caller's own. Raises what `engine.wire.connect` raises, or `LinkDown`."""

    async def look_again(self) -> None:
        """After a short pause, learns anew where everything is, and calls `on_change`."""


def route_to(url: str, *, timeout: float, failover: float) -> Route:
    """The way to what REDIS_URL names.

    ``timeout``: seconds to wait for an answer. ``failover``: seconds to wait for another master.
    Raises StoreUnavailable for a URL that is none.
    """
    address = parse(url)
    if address is None:
        return Link(url, timeout)
    if address.master:
        return SentinelLink(address, timeout, failover)
    return Cluster(address, timeout, failover)
