"""Subscriptions that are kept: each channel is listened to at the server that tells it, wherever that is now.

One connection for plain channels, and one for each master of a cluster that tells sharded ones.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Iterable
from typing import Any, Protocol

import hiredis

from engine.routes import Route
from engine.tasks import end
from engine.wire import LinkDown, LinkLost, Wire

log = logging.getLogger("slotline.feed")

SHORTEST_PAUSE, LONGEST_PAUSE = 0.05, 1.0
"""Seconds before a connection that came to nothing is made again."""

ANY = ""
"""The server of plain channels: every server tells them."""


class Hearer(Protocol):
    """Who is told. All three are called from the event loop and must not block."""

    def heard(self, channel: bytes, data: bytes) -> None: ...

    def stands(self, channel: bytes) -> None:
        """From here on nothing is missed."""

    def broke(self, channel: bytes) -> None:
        """From here on anything may have been missed; it will be subscribed again."""


class Subscriptions:
    def __init__(self, route: Route, hearer: Hearer, timeout: float) -> None:
        self.route = route
        self.hearer = hearer
        self.timeout = timeout
        self._wanted: set[bytes] = set()
        self._ears: dict[str, Ear] = {}
        self._ear_of: dict[bytes, Ear] = {}
        self._seeking: asyncio.Task[None] | None = None
        self._closing: set[asyncio.Task[None]] = set()

    def start(self, plain: bytes) -> None:
        """Listens to ``plain``, a channel that is never sharded, and to whatever is added."""
        self._home = self._ear(ANY)
        self._home.add(plain)
        self.route.on_change = self.regroup

    async def stop(self) -> None:
        await end([self._seeking])
        await asyncio.gather(*(ear.close() for ear in self._ears.values()), *self._closing)

    @property
    def silence(self) -> float:
        """Seconds since the quietest server said anything; infinite before the first connection, and without one."""
        return max((ear.silence for ear in self._ears.values()), default=float("inf"))

    def add(self, channel: bytes) -> None:
        self._wanted.add(channel)
        self._place(channel)

    def discard(self, channel: bytes) -> None:
        self._wanted.discard(channel)
        if (ear := self._ear_of.pop(channel, None)) is not None:
            ear.discard(channel)

    def regroup(self) -> None:
        """Moves every channel to the server that tells it now, and leaves servers that have none any more."""
        for channel in self._wanted:
            self._place(channel)
        for server, ear in list(self._ears.items()):
            if server != ANY and not ear.channels:
                del self._ears[server]
                task = asyncio.create_task(ear.close())
                self._closing.add(task)
                task.add_done_callback(self._closing.discard)

    def refused(self, ear: Ear, channels: Iterable[bytes]) -> None:
        """A server does not tell these channels (any more)."""
        for channel in channels:
            if self._ear_of.get(channel) is ear:
                del self._ear_of[channel]
                self.hearer.broke(channel)
        self.seek()

    def seek(self) -> None:
        """Asks where the channels are now."""
        if self._seeking is None or self._seeking.done():
            self._seeking = asyncio.create_task(self._seek(), name="seek channels")

    async def _seek(self) -> None:
        while True:
            await self.route.look_again()
            if self._wanted <= self._ear_of.keys():
                return

    def _place(self, channel: bytes) -> None:
        sharded = self.route.publish == "SPUBLISH"
        server = self.route.owner(channel.decode()) if sharded else ANY
        if sharded and not server:
            return  # nobody has it: whoever looks again finds out
        known = self._ear_of.get(channel)
        if known is not None and known.server == server:
            return
        if known is not None:
            known.discard(channel)
            self.hearer.broke(channel)
        ear = self._ear_of[channel] = self._ear(server)
        ear.add(channel)

    def _ear(self, server: str) -> Ear:
        ear = self._ears.get(server)
        if ear is None:
            ear = self._ears[server] = Ear(self, server)
        return ear


class Ear:
    """One connection that only listens: connects, subscribes, pings, and starts again when it breaks."""

    def __init__(self, owner: Subscriptions, server: str) -> None:
        self.server = server
        self.channels: set[bytes] = set()
        self._owner = owner
        self._sharded = b"" if server == ANY else b"S"
        self._asked: dict[bytes, float] = {}
        """Channels that no answer has come for, and since when (the loop's clock)."""
        self._wire: Wire | None = None
        self._stood = False
        """Whether a subscription stood on the last connection."""
        self._lost = asyncio.Event()
        self._since = self._lost_at()
        self._keeper = asyncio.create_task(self._keep(), name=f"feed {server}")

    async def close(self) -> None:
        await end([self._keeper])
        if self._wire is not None:
            self._wire.close()

    @property
    def silence(self) -> float:
        """Seconds since the server last said anything, or since it became worth listening to."""
        wire = self._wire
        last = self._since if wire is None or not wire.open else wire.last_word
        return asyncio.get_running_loop().time() - last

    def _lost_at(self) -> float:
        """A master of a cluster may be replaced: that is no fault before the time-out."""
        return asyncio.get_running_loop().time() if self._sharded else float("-inf")

    def add(self, channel: bytes) -> None:
        self.channels.add(channel)
        if self._wire is not None:
            self._subscribe(self._wire, [channel])

    def discard(self, channel: bytes) -> None:
        self.channels.discard(channel)
        self._asked.pop(channel, None)
        if self._wire is not None:
            self._wire.send(self._sharded + b"UNSUBSCRIBE", channel)

    def _subscribe(self, wire: Wire, channels: Iterable[bytes]) -> None:
        self._asked |= dict.fromkeys(channels, asyncio.get_running_loop().time())
        if self._sharded:  # one command may name channels of one slot only
            for channel in channels:
                wire.send(b"SSUBSCRIBE", channel)
        else:
            wire.send(b"SUBSCRIBE", *channels)

    async def _keep(self) -> None:
        pause = SHORTEST_PAUSE
        while True:
            self._lost.clear()
            self._stood = False
            try:
                wire = await self._owner.route.subscriber(lambda: Wire(self._lost.set), self.server)
            except (OSError, hiredis.ReplyError, LinkDown, LinkLost) as error:
                log.warning("the feed cannot reach Redis %s: %s", self.server, str(error) or type(error).__name__)
            else:
                await self._listen(wire)
            self._owner.seek()
            if self._stood:
                pause = SHORTEST_PAUSE
                continue
            # A connection alone says little: a server that has too many ends it as soon as it is made.
            await asyncio.sleep(pause * (0.5 + random.random()))
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _listen(self, wire: Wire) -> None:
        wire.listen(self._push)
        self._wire = wire
        if self.channels:
            self._subscribe(wire, list(self.channels))
        await self._until_lost(wire)
        self._wire = None
        self._asked.clear()
        self._since = self._lost_at()
        for channel in list(self.channels):
            self._owner.hearer.broke(channel)

    async def _until_lost(self, wire: Wire) -> None:
        timeout = self._owner.timeout
        while wire.open:
            try:
                async with asyncio.timeout(timeout / 3):
                    await self._lost.wait()
            except TimeoutError:
                if self.silence > timeout:
                    log.warning("the feed has heard nothing from Redis for %.1f s; reconnecting", self.silence)
                    wire.close()
                elif self._unanswered > timeout:
                    log.warning("Redis does not answer a subscription, though it says other things; reconnecting")
                    wire.close()
                else:
                    wire.send("PING")

    @property
    def _unanswered(self) -> float:
        """Seconds that the oldest subscription has waited for its answer."""
        return asyncio.get_running_loop().time() - min(self._asked.values(), default=float("inf"))

    def _push(self, reply: Any) -> None:
        if isinstance(reply, hiredis.ReplyError):
            log.warning("Redis %s does not take a subscription: %s", self.server, reply)
            if not self._sharded:
                if self._wire is not None:
                    self._wire.close()
                return
            asked, self._asked = set(self._asked), {}
            self.channels -= asked
            self._owner.refused(self, asked)
        elif isinstance(reply, list) and len(reply) == 3:
            self._take(*reply)

    def _take(self, kind: bytes, channel: bytes, data: Any) -> None:
        if kind in (b"message", b"smessage"):
            self._owner.hearer.heard(channel, data)
        elif kind in (b"subscribe", b"ssubscribe"):
            self._asked.pop(channel, None)
            self._stood = True
            if channel in self.channels:
                self._owner.hearer.stands(channel)
        elif kind == b"sunsubscribe" and channel in self.channels and channel not in self._asked:
            # Its slot has gone to another master. Or else it was left and is wanted again, and the answer comes.
            self.channels.discard(channel)
            self._owner.refused(self, [channel])
