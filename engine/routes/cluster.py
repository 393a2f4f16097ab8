"""A Redis Cluster: one link a master, each call to the master of its key's slot.

A call that was redirected, or found nobody, has not run: it is done again where it belongs, for at most ``failover``
seconds. A call whose connection broke may have run: that is `LinkLost`, and `Calls` decides.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable
from typing import Any

import hiredis

from engine.errors import StoreUnavailable
from engine.link import Link, ignore
from engine.routes.address import Address
from engine.routes.topology import Topology
from engine.scripts import Script
from engine.tasks import end
from engine.wire import Arg, LinkDown, Wire, connect

log = logging.getLogger("slotline.cluster")

ANYWHERE = ""
"""Stands for a key, or a server, where any server will do."""

ELSEWHERE = ("MOVED ", "ASK ")
REGROUPING = ("TRYAGAIN", "CLUSTERDOWN", "LOADING", "READONLY", "MASTERDOWN")
NOT_DONE = (*ELSEWHERE, *REGROUPING)
"""What a node says that did nothing, while another one may, or the same one in a moment."""

SHORTEST_PAUSE, LONGEST_PAUSE = 0.03, 0.25
"""Seconds between two looks at a cluster that regroups."""

HOPS = 2
"""Redirections that are followed at once; after that there is a pause, for the nodes may disagree."""

SUSPICIOUS = 1.0
"""Seconds without a word, while calls are under way, after which the cluster is asked whether it has another master."""


class Cluster:
    def __init__(self, address: Address, timeout: float, failover: float) -> None:
        self.publish = "SPUBLISH"
        self.on_change: Callable[[], None] = lambda: None
        self._address = address
        self._timeout = timeout
        self._failover = failover
        self._topology = Topology(address, timeout)
        self._links: dict[str, Link] = {}
        self._closing: set[asyncio.Task[None]] = set()
        self._ears: dict[Wire, str] = {}
        """Connections that listen to what every server of the cluster tells, and where they are."""
        self._left_since = 0.0
        """When the youngest connection was made of those that were left: time does not go back, nor what is trusted."""
        self._looking: asyncio.Task[None] | None = None
        self._watcher: asyncio.Task[None] | None = None
        self._pause = SHORTEST_PAUSE

    async def open(self) -> None:
        """Connects to every master. Raises `LinkDown` if none can be reached."""
        await self._topology.refresh()
        links = [self._link(server) for server in self._topology.primaries]
        await asyncio.gather(*(link.ready() for link in links), return_exceptions=True)
        reached = [link for link in links if link.up]
        if not reached:
            raise LinkDown("no master of the Redis cluster can be reached")
        # All of them: at one that has none, a script would stop where it tells of its change, after it has made it.
        sharded = all(await asyncio.gather(*map(_has_sharded_channels, reached)))
        self.publish = "SPUBLISH" if sharded else "PUBLISH"
        self._watcher = asyncio.create_task(self._watch(), name="cluster")

    async def close(self) -> None:
        await end([self._watcher, self._looking])
        await asyncio.gather(*self._closing, return_exceptions=True)
        await asyncio.gather(*(link.close() for link in self._links.values()))
        await self._topology.close()

    @property
    def since(self) -> float:
        return max([self._left_since, *(link.since for link in self._links.values())])

    @property
    def up(self) -> bool:
        return all(self._link(server).up for server in self._topology.primaries)

    def owner(self, key: str) -> str:
        return self._topology.owner(key)

    def start(self, script: Script, keys: tuple[str, ...], args: tuple[Arg, ...]) -> asyncio.Future[Any] | None:
        link = self._links.get(self._topology.owner(keys[0]))
        return None if link is None else link.start(script, keys, args)

    def read(self, *packed: bytes, at: str) -> asyncio.Future[Any] | None:
        link = self._links.get(self._topology.owner(at))
        return None if link is None else link.read(*packed, at=at)

    async def run(self, script: Script, keys: tuple[str, ...], args: tuple[Arg, ...]) -> list[Any]:
        answer: list[Any]
        link = self._links.get(self._topology.owner(keys[0]))
        try:
            if link is None or not link.up:
                raise LinkDown()
            answer = await link.run(script, keys, args)
        except LinkDown as down:
            answer = await self._insist(keys[0], (b"EVAL", script.source, len(keys), *keys, *args), down)
        except hiredis.ReplyError as error:
            if not str(error).startswith(NOT_DONE):
                raise
            answer = await self._insist(keys[0], (b"EVAL", script.source, len(keys), *keys, *args), error)
        return answer

    async def call(self, *command: Arg, at: str | None = None) -> Any:
        if at == ANYWHERE:
            return await self._most_awake().call(*command)
        key = at if at is not None else _text(command[1])
        link = self._links.get(self._topology.owner(key))
        try:
            if link is None or not link.up:
                raise LinkDown()
            return await link.call(*command)
        except LinkDown as down:
            return await self._insist(key, command, down)
        except hiredis.ReplyError as error:
            if not str(error).startswith(NOT_DONE):
                raise
            return await self._insist(key, command, error)

    def send(self, *command: Arg, heard: Callable[[Any], None] | None = None) -> None:
        if (link := self._links.get(self._topology.owner(_text(command[1])))) is not None:
            link.send(*command, heard=heard)

    async def subscriber(self, wire: Callable[[], Wire], server: str) -> Wire:
        if server != ANYWHERE:
            return await connect(self._url_of(server), wire, self._timeout)
        server = min(filter(self._reached, self._topology.primaries), default="")
        if not server:
            raise LinkDown("no master of the Redis cluster can be reached")
        found = await connect(self._url_of(server), wire, self._timeout)
        self._ears[found] = server
        return found

    async def look_again(self) -> None:
        await asyncio.shield(self._look_soon())

    def _look_soon(self) -> asyncio.Task[None]:
        """One look for all who need it."""
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look(), name="topology")
        return self._looking

    async def _insist(self, key: str, command: tuple[Arg, ...], refusal: Exception) -> Any:
        """Follows redirections, and waits while the cluster regroups. ``command`` was refused, or not even sent."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._failover
        hops = 0
        server = self._topology.owner(key)
        while True:
            word = str(refusal)
            hops += 1
            if hops > HOPS or not word.startswith(ELSEWHERE):
                if loop.time() > deadline:
                    raise StoreUnavailable(f"the Redis cluster has no answer for now: {word[:60]}") from refusal
                await self.look_again()
                hops = 0
            elif word.startswith("MOVED "):
                looking = self._look_soon()
                if not await self._topology.moved(word):
                    await asyncio.shield(looking)
            asking = word.startswith("ASK ") and hops > 0
            server = self._topology.asked(word, server) if asking else self._topology.owner(key)
            try:
                answer = await self._ask(server, command, asking)
            except LinkDown as down:
                refusal = down
            except hiredis.ReplyError as error:
                if not str(error).startswith(NOT_DONE):
                    raise
                refusal = error
            else:
                self._pause = SHORTEST_PAUSE
                return answer

    async def _ask(self, server: str, command: tuple[Arg, ...], asking: bool) -> Any:
        if not server:
            raise LinkDown("nobody has the slot")
        wire = await self._link(server).ready(LONGEST_PAUSE)
        if asking:  # it counts for the very next command, and both leave in one write
            wire.call(b"ASKING").add_done_callback(ignore)
        return await wire.call(*command)

    def _link(self, server: str) -> Link:
        link = self._links.get(server)
        if link is None:
            link = self._links[server] = Link(self._url_of(server), self._timeout)
            link.longest_pause = LONGEST_PAUSE
            link.begin()
        return link

    def _most_awake(self) -> Link:
        """Of the masters. Raises `LinkDown` if none is connected."""
        links = [self._links[server] for server in self._topology.primaries if self._reached(server)]
        if not links:
            raise LinkDown("no master of the Redis cluster can be reached")
        return min(links, key=lambda link: link.silence)

    def _reached(self, server: str) -> bool:
        return server in self._links and self._links[server].up

    def _url_of(self, server: str) -> str:
        host, _, port = server.rpartition(":")
        return self._address.url_of(host, int(port))

    async def _look(self) -> None:
        await asyncio.sleep(self._pause * (0.5 + random.random()))
        self._pause = min(self._pause * 1.5, LONGEST_PAUSE)
        try:
            await self._topology.refresh(self._silent())
        except LinkDown as error:
            log.warning("%s", error)
            return
        self._leave_former_masters()
        self._leave_strangers()
        self.on_change()

    def _silent(self) -> str | None:
        """The server that has owed an answer for too long: asking it would cost a time-out."""
        silences = {server: link.silence for server, link in self._links.items()}
        server = max(silences, key=silences.__getitem__, default=None)
        return server if server is not None and silences[server] > SUSPICIOUS else None

    def _leave_former_masters(self) -> None:
        """A call that one of them still owes an answer is lost, and repeated at the new master.

        A server that the cluster does not list yet may be one that is just getting its first slot.
        """
        primaries = self._topology.primaries
        for server, link in list(self._links.items()):
            if server not in primaries and (self._topology.knows(server) or not link.up):
                del self._links[server]
                self._left_since = max(self._left_since, link.since)
                log.info("%s is no master any more", server)
                task = asyncio.create_task(link.close())
                self._closing.add(task)
                task.add_done_callback(self._closing.discard)

    def _leave_strangers(self) -> None:
        """A server that is no longer of the cluster hears nothing of the others, and goes on answering pings."""
        for wire, server in list(self._ears.items()):
            if not wire.open or not self._topology.knows(server):
                del self._ears[wire]
                wire.close()

    async def _watch(self) -> None:
        """A master that hangs gives no error: look whether the cluster has replaced it. Nor is anything asked of a
        server that has left the cluster, and then ended."""
        while True:
            await asyncio.sleep(SUSPICIOUS / 4)
            if self._silent() is not None or any(map(self._has_gone, self._links.keys() - self._topology.primaries)):
                await self.look_again()

    def _has_gone(self, server: str) -> bool:
        """Whether it was connected and is no more."""
        return self._links[server].since > 0 and not self._links[server].up


async def _has_sharded_channels(link: Link) -> bool:
    """Since Redis 7; every Valkey tells the version of Redis that it matches."""
    info: bytes = await link.call("INFO", "server")
    for line in info.splitlines():
        if line.startswith(b"redis_version:"):
            return int(line.partition(b":")[2].split(b".")[0]) >= 7
    return False


def _text(key: Arg) -> str:
    return key.decode() if isinstance(key, bytes) else str(key)
